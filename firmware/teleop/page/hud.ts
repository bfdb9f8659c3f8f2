import { byId, setData, setText } from './elements.ts';
import {
  announcement,
  batteryGauge,
  drives,
  frameRateGauge,
  type Gauge,
  type Line,
  linkShort,
  mayDrive,
  pictureText,
  processorGauge,
  resettable,
  roundTripGauge,
  situation,
  speedGauge,
  steers,
  type View,
  videoDelayGauge,
  watches,
  whoDrives,
} from './words.ts';

export interface HudEvents {
  emergencyStop(): void;
  reset(): void;
  takeOver(): void;
  release(): void;
  /** Absent where pairing is none of the page's business. */
  pairAgain?(): void;
}

/** A click that follows the press of a pointer by less than this is the same press, in ms. */
const SAME_PRESS_MS = 700;
/** Shown at once; the rest is less bad. */
const LINES_SHOWN = 3;

/** Everything in view but the picture itself. */
export class Hud {
  readonly #cockpit = byId('cockpit', HTMLElement);
  readonly #robot = byId('robot', HTMLElement);
  readonly #chip = byId('link', HTMLElement);
  readonly #driver = byId('driver', HTMLElement);
  readonly #takeOver = byId('take-over', HTMLButtonElement);
  readonly #release = byId('release', HTMLButtonElement);
  readonly #pairAgain = byId('pair-again', HTMLButtonElement);
  readonly #lines = byId('situation', HTMLElement);
  readonly #reset = byId('reset', HTMLButtonElement);
  readonly #announce = byId('announce', HTMLElement);
  readonly #veil = byId('veil', HTMLElement);
  readonly #canPair: boolean;
  readonly #stop = byId('stop', HTMLButtonElement);
  readonly #stopText = byId('stop-text', HTMLElement);
  readonly #stick = byId('stick', HTMLElement);
  readonly #speed = byId('gauge-speed', HTMLElement);
  readonly #battery = byId('gauge-battery', HTMLElement);
  readonly #roundTrip = byId('gauge-link', HTMLElement);
  readonly #delay = byId('gauge-delay', HTMLElement);
  readonly #frames = byId('gauge-frames', HTMLElement);
  readonly #processor = byId('gauge-processor', HTMLElement);

  constructor(events: HudEvents) {
    let pressedMs = Number.NEGATIVE_INFINITY;
    // The press acts, not the release: a stop has no time to lose. A click alone comes from a keyboard.
    this.#stop.addEventListener('pointerdown', ({ timeStamp }) => {
      pressedMs = timeStamp;
      events.emergencyStop();
    });
    this.#stop.addEventListener('click', ({ timeStamp }) => {
      if (timeStamp - pressedMs > SAME_PRESS_MS) events.emergencyStop();
    });
    this.#reset.addEventListener('click', () => events.reset());
    this.#takeOver.addEventListener('click', () => events.takeOver());
    this.#release.addEventListener('click', () => events.release());
    this.#canPair = events.pairAgain !== undefined;
    this.#pairAgain.addEventListener('click', () => events.pairAgain?.());
  }

  show(view: View): void {
    const { state, hello, link } = view;
    const lines = situation(view);
    setData(this.#cockpit, 'link', link.kind === 'open' || link.kind === 'oneWay' ? 'open' : 'down');
    setData(this.#cockpit, 'level', lines[0]?.level ?? 'good');
    setData(this.#cockpit, 'watching', String(watches(view)));
    setData(this.#cockpit, 'role', hello?.you.role ?? '');
    setText(this.#robot, hello?.robot ?? view.name);
    if (hello) document.title = hello.robot;

    const chip = linkShort(view);
    setData(this.#chip, 'level', chip.level);
    setText(this.#chip, chip.text);

    setText(this.#driver, whoDrives(view));
    const other = state?.operator != null && !drives(view);
    this.#takeOver.hidden = !(other && mayDrive(view));
    this.#release.hidden = !drives(view) || resettable(view);
    this.#pairAgain.hidden = !this.#canPair || hello === null || mayDrive(view);

    this.#showLines(lines);
    this.#reset.hidden = !resettable(view);
    setText(this.#announce, announcement(view));

    const veil = pictureText(view);
    this.#veil.hidden = veil === null;
    if (veil !== null) setText(this.#veil, veil);

    const estop = state?.estop === true || view.estopWaiting;
    setData(this.#stop, 'on', String(estop));
    setText(this.#stopText, estop ? 'Stopped' : 'Stop');
    setData(this.#stick, 'off', String(watches(view) || estop || !steers(view)));

    this.#showSpeed(view);
    showGauge(this.#battery, batteryGauge(view));
    showGauge(this.#roundTrip, roundTripGauge(view));
    showGauge(this.#delay, videoDelayGauge(view));
    showGauge(this.#frames, frameRateGauge(view));
    const processor = processorGauge(view);
    this.#processor.hidden = processor === null;
    if (processor !== null) showGauge(this.#processor, processor);
  }

  #showLines(lines: readonly Line[]): void {
    const shown = lines.slice(0, LINES_SHOWN);
    while (this.#lines.children.length > shown.length) this.#lines.lastElementChild?.remove();
    for (const [index, { level, text }] of shown.entries()) {
      let item = this.#lines.children[index] as HTMLElement | undefined;
      if (!item) {
        item = document.createElement('li');
        this.#lines.append(item);
      }
      setData(item, 'level', level);
      setText(item, text);
    }
  }

  #showSpeed(view: View): void {
    showGauge(this.#speed, speedGauge(view));
    const { left = 0, right = 0 } = view.state?.wheels ?? {};
    this.#speed.style.setProperty('--left', left.toFixed(2));
    this.#speed.style.setProperty('--right', right.toFixed(2));
  }
}

function showGauge(element: HTMLElement, { value, unit, level, remark }: Gauge): void {
  setData(element, 'level', level);
  for (const [name, text] of Object.entries({ value, unit, remark })) {
    const part = element.querySelector(`.${name}`);
    if (part) setText(part, text);
  }
}

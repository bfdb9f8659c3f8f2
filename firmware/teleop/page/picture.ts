import { stripHeightPx } from '../../simulator/strip.ts';
import { byId } from './elements.ts';
import { keepTurns, readTurns } from './preferences.ts';

/** The frame around the <video>: its proportions, its turns, full screen. */
export class PictureFrame {
  readonly #frame = byId('picture', HTMLElement);
  readonly #video: HTMLVideoElement;
  readonly #still = byId('still', HTMLCanvasElement);
  #turns = readTurns();

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    video.addEventListener('resize', () => this.#fit());
    byId('rotate', HTMLButtonElement).addEventListener('click', () => {
      this.#turns = (this.#turns + 1) % 4;
      keepTurns(this.#turns);
      this.#fit();
    });
    this.#offerFullScreen();
    this.#fit();
  }

  /** In simulation the machine-readable strip at the picture's top edge is for the page, not for people. */
  hideStrip(hidden: boolean): void {
    this.#frame.classList.toggle('with-strip', hidden);
  }

  /** Copies what is shown now: a video turns black at its end, too soon to copy it then. */
  remember(): void {
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth === 0) return;
    if (this.#still.width !== videoWidth || this.#still.height !== videoHeight) {
      this.#still.width = videoWidth;
      this.#still.height = videoHeight;
    }
    this.#still.getContext('2d', { alpha: false })?.drawImage(this.#video, 0, 0);
  }

  /** Shows what was remembered, greyed, until there is a picture again. */
  freeze(): void {
    this.#still.hidden = false;
  }

  thaw(): void {
    if (!this.#still.hidden) this.#still.hidden = true;
  }

  #fit(): void {
    const { videoWidth, videoHeight } = this.#video;
    this.#frame.dataset.turns = String(this.#turns);
    if (videoWidth === 0) return;
    this.#frame.style.setProperty('--ratio', String(videoWidth / videoHeight));
    const stripRatio = videoWidth >= 8 ? stripHeightPx(videoWidth) / videoHeight : 0;
    this.#frame.style.setProperty('--strip', `${(stripRatio * 100).toFixed(2)}%`);
  }

  #offerFullScreen(): void {
    const button = byId('full-screen', HTMLButtonElement);
    // Safari on a phone can show nothing but a video in full screen; the page installs there instead.
    button.hidden = !document.fullscreenEnabled;
    button.addEventListener('click', () => {
      const change = document.fullscreenElement
        ? document.exitFullscreen()
        : document.documentElement.requestFullscreen({ navigationUI: 'hide' });
      change.catch(() => undefined);
    });
    document.addEventListener('fullscreenchange', () => {
      button.setAttribute('aria-pressed', String(document.fullscreenElement !== null));
    });
  }
}

/** The page's composition root in the cloud: sign-in, the choice of a robot, and the way to it by KVS. */
import { createCockpit } from '../cockpit.ts';
import { byId, setText } from '../elements.ts';
import { keepRobot, readRobot } from '../preferences.ts';
import { Api, ApiError } from './api.ts';
import { CloudLink } from './link.ts';
import { RobotList } from './robots.ts';
import { Session } from './session.ts';
import { loadSettings } from './settings.ts';
import { Signaling } from './signaling.ts';

/** Presence is asked for at this pace while the list is in view. */
const LIST_EVERY_MS = 10_000;

const signIn = byId('sign-in', HTMLElement);
const signInError = byId('sign-in-error', HTMLElement);
const robots = byId('robots', HTMLElement);
const otherRobot = byId('other-robot', HTMLButtonElement);

async function begin(): Promise<void> {
  const settings = await loadSettings();
  const session = new Session(settings);
  byId('sign-in-start', HTMLButtonElement).addEventListener('click', () => {
    session.begin().catch((error: unknown) => showSignIn(`The sign-in does not answer: ${messageOf(error)}`));
  });
  byId('sign-out', HTMLButtonElement).addEventListener('click', () => {
    void session.end().then(
      () => showSignIn(null),
      (error: unknown) => showSignIn(messageOf(error)),
    );
  });
  const why = await finishSignIn(session);
  if ((await session.token()) === null) return showSignIn(why);
  await enter(session, new Api(settings.apiUrl, session));
}

/** Takes the provider's answer, if the address brings one, and clears it away. Gives why it is a refusal, or null. */
async function finishSignIn(session: Session): Promise<string | null> {
  const { search, pathname } = location;
  if (!Session.answered(search)) return null;
  history.replaceState(null, '', pathname);
  try {
    await session.finish(`${location.origin}${pathname}${search}`);
    return null;
  } catch (error) {
    return `Not signed in: ${messageOf(error)}`;
  }
}

async function enter(session: Session, api: Api): Promise<void> {
  const cockpit = createCockpit({
    link: (events) =>
      new CloudLink(events, {
        api,
        tokens: session,
        signaling: (access, socketEvents) => new Signaling(access, socketEvents),
        nowMs: () => performance.now(),
        after: (ms, call) => {
          const timer = setTimeout(call, ms);
          return () => clearTimeout(timer);
        },
      }),
    unpaired: (why) => leave(why),
  });
  session.onExpiring(() => void cockpit.link.refresh());

  const list = new RobotList(open);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function open(name: string): void {
    clearTimeout(timer);
    keepRobot(name);
    signIn.hidden = true;
    robots.hidden = true;
    cockpit.show(name);
    cockpit.link.start(name);
  }

  async function showList(): Promise<void> {
    cockpit.hide();
    signIn.hidden = true;
    robots.hidden = false;
    await update();
  }

  async function update(): Promise<void> {
    clearTimeout(timer);
    if (robots.hidden) return;
    try {
      const found = await api.robots();
      if (!robots.hidden) list.show(found, Date.now());
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'signedOut') return leave(error.message);
      list.complain(messageOf(error));
    }
    if (!robots.hidden) timer = setTimeout(() => void update(), LIST_EVERY_MS);
  }

  function leave(why: string): void {
    clearTimeout(timer);
    cockpit.hide();
    showSignIn(why);
  }

  otherRobot.hidden = false;
  otherRobot.addEventListener('click', () => {
    keepRobot(null);
    void showList();
  });
  const last = readRobot();
  if (last !== null) open(last);
  else await showList();
}

function showSignIn(why: string | null): void {
  robots.hidden = true;
  signIn.hidden = false;
  signInError.hidden = why === null;
  setText(signInError, why ?? '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

begin().catch((error: unknown) => showSignIn(messageOf(error)));

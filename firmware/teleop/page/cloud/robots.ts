import { byId, setText } from '../elements.ts';
import type { ListedRobot } from './api.ts';

/** `since 14:05`, or with the day if that is another one. */
export function presenceText({ online, sinceMs }: ListedRobot, nowMs: number): string {
  if (sinceMs === null) return 'Never seen';
  const since = new Date(sinceMs);
  const time = since.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const today = since.toDateString() === new Date(nowMs).toDateString();
  const when = today ? time : `${since.toLocaleDateString()} ${time}`;
  return `${online ? 'Online' : 'Offline'} since ${when}`;
}

/** The robots that there are, each a button. */
export class RobotList {
  readonly #list = byId('robot-list', HTMLElement);
  readonly #error = byId('robots-error', HTMLElement);
  readonly #choose: (name: string) => void;

  constructor(choose: (name: string) => void) {
    this.#choose = choose;
  }

  show(robots: readonly ListedRobot[], nowMs: number): void {
    this.complain(null);
    const names = robots.map(({ name }) => name);
    for (const item of [...this.#list.children]) {
      if (!names.includes((item as HTMLElement).dataset.name ?? '')) item.remove();
    }
    for (const robot of robots) this.#showOne(robot, nowMs);
  }

  complain(why: string | null): void {
    this.#error.hidden = why === null;
    setText(this.#error, why ?? '');
  }

  #showOne(robot: ListedRobot, nowMs: number): void {
    const found = [...this.#list.children].find((one) => (one as HTMLElement).dataset.name === robot.name);
    const item = (found as HTMLElement | undefined) ?? this.#add(robot.name);
    item.dataset.online = String(robot.online);
    setText(item.querySelector('.presence')!, presenceText(robot, nowMs));
  }

  #add(name: string): HTMLElement {
    const item = document.createElement('li');
    const button = document.createElement('button');
    const title = document.createElement('strong');
    const presence = document.createElement('span');
    item.dataset.name = name;
    button.type = 'button';
    presence.className = 'presence';
    title.textContent = name;
    button.append(title, presence);
    button.addEventListener('click', () => this.#choose(name));
    item.append(button);
    this.#list.append(item);
    return item;
  }
}

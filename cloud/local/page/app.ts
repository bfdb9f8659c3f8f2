interface DeskState {
  readonly stack: string;
  readonly functions: readonly {
    readonly label: string;
    readonly timeoutMs: number;
    readonly memoryMiB: number;
  }[];
  readonly events: readonly {
    readonly name: string;
    readonly functionLabel: string | null;
    readonly event: unknown;
  }[];
}

interface Invoked {
  readonly ok: boolean;
  readonly payload?: string;
  readonly error?: unknown;
  readonly tookMs: number;
}

interface ViewsState {
  readonly nowMs: number;
  readonly views: readonly {
    readonly title: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly string[])[];
  }[];
}

const LOOK_EVERY_MS = 1500;
const MAX_LINES = 500;

function byId<E extends HTMLElement>(id: string, type: abstract new () => E): E {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`Expected #${id} to be a ${type.name}`);
  return element;
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, text = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as T & { readonly message?: string };
  if (!response.ok) throw new Error(answer.message ?? response.statusText);
  return answer;
}

const functions = byId('function', HTMLSelectElement);
const saved = byId('saved', HTMLSelectElement);
const event = byId('event', HTMLTextAreaElement);
const fault = byId('fault', HTMLElement);
const desk = await ask<DeskState>('api/desk');

byId('stack', HTMLElement).textContent = desk.stack;
document.title = `${desk.stack} on the desk`;
for (const { label } of desk.functions) functions.append(new Option(label));
if (desk.functions.length === 0) {
  byId('run', HTMLButtonElement).disabled = true;
  fault.textContent = 'This stack has no functions.';
}

/** Of the chosen function, and those that are for any. */
function offerEvents(): void {
  const fitting = desk.events
    .map((one, index) => ({ ...one, index }))
    .filter(({ functionLabel }) => functionLabel === null || functionLabel === functions.value);
  saved.replaceChildren(
    new Option(fitting.length > 0 ? 'none' : 'none is saved', ''),
    ...fitting.map(({ name, index }) => new Option(name, String(index))),
  );
  if (fitting[0]) saved.value = String(fitting[0].index);
  showEvent();
}

function showEvent(): void {
  const chosen = saved.value === '' ? {} : desk.events[Number(saved.value)]?.event;
  event.value = JSON.stringify(chosen, null, 2);
}

functions.addEventListener('change', offerEvents);
saved.addEventListener('change', showEvent);
offerEvents();

byId('invoke', HTMLFormElement).addEventListener('submit', async (submitted) => {
  submitted.preventDefault();
  const run = byId('run', HTMLButtonElement);
  fault.textContent = '';
  let parsed: unknown;
  try {
    parsed = JSON.parse(event.value);
  } catch (error) {
    fault.textContent = `Expected JSON but ${(error as Error).message}`;
    return;
  }
  run.disabled = true;
  try {
    show(await ask<Invoked>('api/invoke', { function: functions.value, event: parsed }));
  } catch (error) {
    fault.textContent = (error as Error).message;
  } finally {
    run.disabled = false;
  }
});

function show({ ok, payload, error, tookMs }: Invoked): void {
  const answer = byId('answer', HTMLElement);
  answer.hidden = false;
  answer.dataset.outcome = ok ? 'done' : 'failed';
  byId('verdict', HTMLElement).textContent = `${ok ? 'Answer' : 'It failed'} after ${tookMs.toFixed(0)} ms`;
  const value = ok ? (JSON.parse(payload ?? 'null') as unknown) : error;
  byId('payload', HTMLElement).textContent = JSON.stringify(value, null, 2);
}

byId('clock', HTMLFormElement).addEventListener('submit', async (submitted) => {
  submitted.preventDefault();
  const ms = byId('amount', HTMLInputElement).valueAsNumber * Number(byId('unit', HTMLSelectElement).value);
  try {
    await ask('api/skip', { ms });
    await look();
  } catch (error) {
    fault.textContent = (error as Error).message;
  }
});

const log = byId('log', HTMLElement);
new EventSource('api/log').addEventListener('message', ({ data }) => {
  const { atMs, source, text } = JSON.parse(String(data)) as { atMs: number; source: string; text: string };
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const line = make('li');
  line.append(make('time', new Date(atMs).toLocaleTimeString()), make('b', source), make('span', text));
  log.append(line);
  while (log.childElementCount > MAX_LINES) log.firstElementChild?.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
});

let shown = '';
async function look(): Promise<void> {
  const { nowMs, views } = await ask<ViewsState>('api/views');
  byId('now', HTMLOutputElement).textContent = new Date(nowMs).toLocaleString();
  // What is the same stays, so that nothing that is being read jumps.
  const text = JSON.stringify(views);
  if (text === shown) return;
  shown = text;
  byId('views', HTMLElement).replaceChildren(...views.map(table));
  if (views.length === 0) byId('views', HTMLElement).append(make('p', 'Nothing yet.'));
}

function table({ title, columns, rows }: ViewsState['views'][number]): HTMLElement {
  const all = make('table');
  all.append(make('caption', title));
  const head = all.createTHead().insertRow();
  for (const column of columns) {
    const cell = make('th', column);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = all.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const cell of row) line.insertCell().textContent = cell;
  }
  const scroll = make('div');
  scroll.className = 'scroll';
  scroll.append(all);
  return scroll;
}

await look();
setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);

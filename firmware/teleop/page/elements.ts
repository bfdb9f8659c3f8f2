/** @throws Error when the page has no such element: page and script don't belong together */
export function byId<E extends Element>(id: string, type: abstract new (...args: never[]) => E): E {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`Expected #${id} to be a ${type.name} on the page`);
  return element;
}

/** Writes text only when it changed, so that nothing is laid out or read out again for nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setData(element: HTMLElement, name: string, value: string): void {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

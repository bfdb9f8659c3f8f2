import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';

/** An element's content: text, or its children; undefined ones are left out, those in a list repeat the element. */
export type XmlContent = string | number | boolean | XmlFields | undefined;
export interface XmlFields {
  readonly [name: string]: XmlContent | readonly XmlContent[];
}

const ATTRIBUTE = '@';
const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  // A carriage return that stands as it is would be read as a line's end.
  entities: [
    { regex: /&/g, val: '&amp;' },
    { regex: /</g, val: '&lt;' },
    { regex: />/g, val: '&gt;' },
    { regex: /"/g, val: '&quot;' },
    { regex: /\r/g, val: '&#xD;' },
  ],
} as ConstructorParameters<typeof XMLBuilder>[0]);

/** A whole document. @param namespace empty: none */
export function xmlDocument(root: string, fields: XmlFields, namespace: string): string {
  const attributes = namespace === '' ? {} : { [`${ATTRIBUTE}xmlns`]: namespace };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: { ...attributes, ...fields } })}`;
}

/** An element as read. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** The text of a child; null when there is none. */
export function textOf(element: XmlElement, name: string): string | null {
  return element.children.find((child) => child.name === name)?.text ?? null;
}

type Node = Readonly<Record<string, readonly Node[] | string>>;
const TEXT = '#text';
const parser = new XMLParser({
  preserveOrder: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
});

/**
 * The documents that services take are elements and text: no document types.
 * @returns null when it is not well-formed
 */
export function readXml(source: string): XmlElement | null {
  if (XMLValidator.validate(source) !== true || source.includes('<!DOCTYPE')) return null;
  if ([...source.matchAll(REFERENCE)].some(([reference]) => !isKnown(reference))) return null;
  try {
    const elements = elementsIn(parser.parse(source) as Node[]);
    return elements.length === 1 ? elements[0]! : null;
  } catch {
    return null;
  }
}

const REFERENCE = /&[^;]*;?/g;

/** XML's own five, and characters that there are. */
function isKnown(reference: string): boolean {
  const [, name, decimal, hex] =
    /^&(?:(amp|lt|gt|quot|apos)|#(\d+)|#x([0-9a-fA-F]+));$/.exec(reference) ?? [];
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return name !== undefined || code <= 0x10ffff;
}

function elementsIn(nodes: readonly Node[]): XmlElement[] {
  return nodes.flatMap((node) => {
    const [name = '', inner] = Object.entries(node)[0] ?? [];
    if (name === TEXT || name.startsWith('?') || !Array.isArray(inner)) return [];
    const children = inner as readonly Node[];
    return [{ name, text: textIn(children), children: elementsIn(children) }];
  });
}

function textIn(nodes: readonly Node[]): string {
  return nodes.map((node) => (typeof node[TEXT] === 'string' ? node[TEXT] : '')).join('');
}

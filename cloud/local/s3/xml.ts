import { S3Error } from './error.ts';

/** An element's content: text, or its children; undefined ones are left out, those in a list repeat the element. */
export type XmlContent = string | number | boolean | XmlFields | undefined;
export interface XmlFields {
  readonly [name: string]: XmlContent | readonly XmlContent[];
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A whole document. @param namespace errors have none */
export function xmlDocument(root: string, fields: XmlFields, namespace = NAMESPACE): string {
  const attribute = namespace === '' ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${childrenOf(fields)}</${root}>`;
}

function childrenOf(fields: XmlFields): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => [value].flat().map((one) => element(name, one as XmlContent)))
    .join('');
}

function element(name: string, content: XmlContent): string {
  if (content === undefined) return '';
  const inner = typeof content === 'object' ? childrenOf(content) : escaped(String(content));
  return `<${name}>${inner}</${name}>`;
}

/** Characters that XML has no way to write stand as they are: S3 asks for `encoding-type=url` there. */
function escaped(text: string): string {
  return text.replace(/[&<>"\r]/g, (one) => ESCAPES[one]!);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};

/** An element as read. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface Open {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

const TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)(?:\s[^<>]*?)?(\/?)>|([^<]+)/gy;

/**
 * The documents that S3 takes are elements and text: no document types, no entities but XML's own five.
 * @throws S3Error MalformedXML
 */
export function readXml(source: string, root: string): XmlElement {
  const top: Open = { name: '', text: '', children: [] };
  const path = [top];
  let at = 0;
  for (const match of source.matchAll(TOKEN)) {
    const [whole, closing, name, empty, text] = match;
    at += whole.length;
    const current = path.at(-1)!;
    if (text !== undefined) current.text += unescaped(text);
    else if (name === undefined) continue;
    else if (closing === '/') {
      if (current.name !== name || path.length === 1) throw malformed();
      path.pop();
    } else {
      const opened: Open = { name, text: '', children: [] };
      current.children.push(opened);
      if (empty !== '/') path.push(opened);
    }
  }
  const [only, ...more] = top.children;
  if (at !== source.length || path.length !== 1 || only?.name !== root || more.length > 0) throw malformed();
  return only;
}

/** The text of a child; null when there is none. */
export function textOf(element: XmlElement, name: string): string | null {
  return element.children.find((child) => child.name === name)?.text ?? null;
}

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (_, decimal, hex, name) => {
    const known = NAMED[name as string];
    const code = decimal ? Number(decimal) : Number.parseInt(hex ?? '', 16);
    if (name ? known === undefined : !(code <= 0x10ffff)) throw malformed();
    return name ? known! : String.fromCodePoint(code);
  });
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function malformed(): S3Error {
  return new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate');
}

import { readXml, xmlDocument as wholeDocument, type XmlElement, type XmlFields } from '../services/xml.ts';
import { S3Error } from './error.ts';

export { textOf, type XmlElement, type XmlFields } from '../services/xml.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** @param namespace errors have none */
export function xmlDocument(root: string, fields: XmlFields, namespace = NAMESPACE): string {
  return wholeDocument(root, fields, namespace);
}

/** @throws S3Error MalformedXML when it is no document with this root */
export function readDocument(source: string, root: string): XmlElement {
  const document = readXml(source);
  if (document?.name === root) return document;
  throw new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate');
}

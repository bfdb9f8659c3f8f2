import type { Node } from 'constructs';
import { contextText } from '../common/context.ts';

/** What can be set by context (`-c name=value`); every value has a default. */
export interface CallSettings {
  /** Language of recordings whose metadata say none; `auto`: Transcribe identifies it. */
  readonly language: string;
  /** What is translated before it is analysed: what Comprehend does not take, or as in the post all that is not English. */
  readonly translate: 'unsupported' | 'always';
  /** Who gets a mail of every negative call; empty: nobody. */
  readonly manager: string;
  /** From whom: an address that SES may send from. */
  readonly sender: string;
  readonly alarmEmail: string;
}

const ADDRESS = /^([^\s@]+@[^\s@]+)?$/;

/** @throws Error naming the context value, what was expected and what came */
export function readSettings(node: Node): CallSettings {
  const text = (name: string, fallback: string, pattern: RegExp, expected: string) =>
    contextText(node, name, fallback, pattern, expected);
  const manager = text('callsManager', '', ADDRESS, 'an e-mail address');
  return {
    language: text('callsLanguage', 'en-US', /^(auto|[a-z]{2,3}-[A-Z]{2})$/, 'auto or a code such as en-US'),
    translate: text('callsTranslate', 'unsupported', /^(unsupported|always)$/, 'unsupported or always') as
      | 'unsupported'
      | 'always',
    manager,
    sender: text('callsSender', manager, manager === '' ? ADDRESS : /^[^\s@]+@[^\s@]+$/, 'an e-mail address'),
    alarmEmail: text('alarmEmail', '', ADDRESS, 'an e-mail address'),
  };
}

/**
 * An operator in a process of its own, for a network namespace of its own. Run as a child process; each order is
 * answered when it is done.
 */
import { Operator } from './operator.ts';

export type LinkOrder =
  | { readonly connect: { readonly url: string; readonly token: string } }
  | 'hold'
  | 'letGo'
  | 'drop';

let operator: Operator | null = null;
process.on('message', async (order: LinkOrder) => {
  if (typeof order === 'object') operator = await Operator.connect(order.connect.url, order.connect.token);
  else operator?.[order]();
  process.send?.('done');
});
process.on('disconnect', () => process.exit());

import { WATCHDOG_MS } from './operator.ts';

/** An explicit stop. */
export const STOP_BOUND_MS = 30;
/** A link that is lost without a word. */
export const LINK_BOUND_MS = WATCHDOG_MS + 50;
/** Whatever kills or freezes the runtime, or takes the motors from it: the guardian's window of 250 ms, and its work. */
export const FREEZE_BOUND_MS = 300;

/** The page's composition root where the robot serves it: pairing, and the WebSocket to the robot. */
import { createCockpit } from './cockpit.ts';
import { byId } from './elements.ts';
import { Link } from './link.ts';
import { PairingForm, readAdmission } from './pairing.ts';
import { keepToken, readToken } from './preferences.ts';

const pairing = byId('pairing', HTMLElement);
let token = readToken();

const cockpit = createCockpit({
  link: (events) => new Link(events),
  unpaired: (why) => showPairing(why),
  pairAgain: () => showPairing(null),
});
const pairingForm = new PairingForm((fresh) => {
  token = fresh;
  keepToken(fresh);
  connect();
});

function connect(): void {
  pairing.hidden = true;
  cockpit.show();
  if (token) cockpit.link.start(token);
}

function showPairing(why: string | null, code = ''): void {
  cockpit.hide();
  pairing.hidden = false;
  pairingForm.show(why, code);
}

/** Takes what the address brings, and clears it away: a token must not stay where it is seen and shared. */
function begin(): void {
  const admission = readAdmission(location.hash);
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  if (admission.kind === 'code') return showPairing(null, admission.code);
  if (admission.kind === 'token') {
    token = admission.token;
    keepToken(token);
  }
  if (token) connect();
  else showPairing(null);
}

addEventListener('hashchange', begin);
begin();
if ('serviceWorker' in navigator) {
  addEventListener('load', () => navigator.serviceWorker.register('/sw.js').catch(() => undefined));
}

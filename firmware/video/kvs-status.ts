import { kvsStatusName } from './kvs-status-names.ts';

/** What to do, by the STATUS. */
const REMEDIES: ReadonlyMap<number, string> = new Map([
  [0x00000004, 'free memory: a viewer takes about 1 MiB, an answer for a moment another'],
  [0x00000011, 'raise the limit of threads (TasksMax of the service): a viewer takes three'],
  [0x00000012, 'raise the limit of threads (TasksMax of the service): a viewer takes three'],
  [0x55000006, 'have the viewer send an offer of at most 25,000 characters'],
  [0x55000008, 'have the viewer send an offer with ice-ufrag and ice-pwd'],
  [0x55000009, 'have the viewer send an offer with a sha-256 fingerprint'],
  [0x5500000a, 'have the viewer offer at most five media'],
  [0x58000016, 'give the machine a network: no addresses could be listed'],
  [0x58000017, 'raise the limit of open files (LimitNOFILE of the service)'],
  [0x58000018, 'free UDP ports: none could be bound'],
  [0x5800001b, 'check video.iceServers and the name server: the name of an ICE server was not found'],
  [0x5800001c, 'check video.iceServers and the name server: the name of an ICE server was not found'],
  [0x58000027, 'raise the limit of open files (LimitNOFILE of the service)'],
  [0x59000001, 'check the clock and free memory: no certificate could be made'],
  [
    0x59000003,
    "nothing here: the viewer's certificate is not the one its offer announced; refuse this viewer",
  ],
  [0x5a000001, 'wait: nothing is connected yet'],
  [0x5a000003, 'nothing: names in candidates (mDNS) are not looked up, connecting works without'],
  [0x5a000005, 'nothing: ICE over TCP is not supported, connecting goes by UDP'],
  [0x5a000007, 'set video.iceServers to URLs that begin with stun: or turn:'],
  [0x5a000008, 'set username and credential of the TURN server in video.iceServers'],
  [0x5a000009, 'set username and credential of the TURN server in video.iceServers'],
  [0x5a00001d, 'give the machine a network besides loopback, or set video.engine to datachannel'],
  [0x5a00002a, "check the TURN server's address and credentials in video.iceServers"],
  [0x5a00002c, "check the TURN server's address and credentials in video.iceServers"],
  [0x5b000006, 'wait: the connection is not encrypted yet, frames follow'],
  [0x5c000003, 'have the camera give H.264 in Annex B form'],
  [0x5f000001, 'free memory: the data channel could not be set up'],
]);

/** What to do, by the part of the SDK that speaks: the upper byte of a STATUS. */
const REMEDIES_OF_PARTS: ReadonlyMap<number, string> = new Map([
  [0x00, 'report this as a fault: roverd gave the SDK something it does not take'],
  [0x40, 'restart roverd; report it when it comes again'],
  [0x41, 'restart roverd; report it when it comes again'],
  [0x52, 'restart roverd; report it when it comes again'],
  [0x55, "report the viewer's offer: the SDK can't read it"],
  [0x56, "report the viewer's offer: the SDK can't read it"],
  [0x57, 'check video.iceServers: something answered that is no STUN or TURN server'],
  [0x58, 'check the network of this machine'],
  [0x59, 'have the viewer connect again'],
  [0x5a, 'check that robot and viewer reach each other, or set a TURN server in video.iceServers'],
  [0x5b, 'have the viewer connect again'],
  [0x5c, 'report this as a fault: the pictures do not fit RTP'],
  [0x5d, "report this as a fault: roverd does not use the SDK's signaling"],
  [0x5e, 'report this as a fault: roverd called the SDK in a wrong order'],
  [0x5f, 'have the viewer connect again: its data channel broke'],
  [0x60, 'nothing: a report of the viewer could not be read, the next one follows'],
  [0x61, 'nothing: a packet asked for is kept no more, a key frame follows'],
]);

const UNKNOWN = 'look the number up in the headers of the SDK in use';

/** A call into the KVS WebRTC C SDK that did not succeed. */
export class KvsError extends Error {
  override readonly name = 'KvsError';
  /** The function of the SDK. */
  readonly call: string;
  readonly status: number;
  /** Its name in the headers, or its number where it is not known. */
  readonly code: string;
  /** What to do about it. */
  readonly remedy: string;

  constructor(call: string, status: number) {
    const number = `0x${status.toString(16).padStart(8, '0')}`;
    const code = kvsStatusName(status) ?? number;
    const remedy = REMEDIES.get(status) ?? REMEDIES_OF_PARTS.get(status >>> 24) ?? UNKNOWN;
    super(`${call} failed with ${code}${code === number ? '' : ` (${number})`}: ${remedy}`);
    this.call = call;
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }
}

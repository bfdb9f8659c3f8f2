import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseWireless } from '../../firmware/telemetry/wireless.ts';

const HEAD = `Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
`;

const rows: readonly [string, string, ReturnType<typeof parseWireless>][] = [
  ['no interface', '', null],
  [
    'dBm',
    ' wlan0: 0000   35.  -56.  -256        0      0      0      0      3        0\n',
    {
      wifiDbm: -56,
      wifiQualityRatio: 0.5,
    },
  ],
  [
    'an unsigned byte',
    ' wlan0: 0000   70.  200.  161.        0      0      0      0      3        0\n',
    {
      wifiDbm: -56,
      wifiQualityRatio: 1,
    },
  ],
  [
    'the link of the best interface',
    ' wlan0: 0000    7.  -90.  -256   0 0 0 0 0 0\n wlan1: 0000   35.  -60.  -256   0 0 0 0 0 0\n',
    {
      wifiDbm: -60,
      wifiQualityRatio: 0.5,
    },
  ],
  [
    'not associated',
    ' wlan0: 0000    0.  -256.  -256        0      0      0      0      0        0\n',
    { wifiQualityRatio: 0 },
  ],
  [
    'no level',
    ' wlan0: 0000   14     0     0        0      0      0      0      0        0\n',
    { wifiQualityRatio: 0.2 },
  ],
  [
    'a percentage in place of a level',
    ' wlan0: 0000   14   50    0        0      0      0      0      0        0\n',
    {
      wifiQualityRatio: 0.2,
    },
  ],
  [
    'a link beyond the scale',
    ' wlan0: 0000   100.  -40.  -256        0      0      0      0      0        0\n',
    {
      wifiDbm: -40,
      wifiQualityRatio: 1,
    },
  ],
];

for (const [name, lines, expected] of rows) {
  test(`reads ${name}`, () => assert.equal(parseWireless(HEAD + lines), expected));
}

test.run();

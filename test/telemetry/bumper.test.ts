import { of } from 'rxjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bumped, bumperFaults } from '../../firmware/telemetry/bumper.ts';

const config = { frontPads: [1, 2], rearPads: [8] };

const rows: [pads: number | null, told: string[]][] = [
  [0, []],
  [0b0000_0001, ['bumper_front']],
  [0b0000_0010, ['bumper_front']],
  [0b0000_0100, []],
  [0b0111_1100, []],
  [0b1000_0000, ['bumper_rear']],
  [0b1111_1111, ['bumper_front', 'bumper_rear']],
  [null, ['bumper_silent']],
];
for (const [pads, told] of rows) {
  test(`pads ${pads?.toString(2) ?? 'that can not be read'}: ${told.join() || 'nothing'}`, () => {
    assert.equal(bumped(pads, config), told);
  });
}

test('tells what comes and goes, each once', () => {
  const told: string[] = [];
  bumperFaults(of(0, 1, 3, 0, null, 0x81, 0x80), config).subscribe(({ code, active }) =>
    told.push(`${active ? '+' : '-'}${code}`),
  );
  assert.equal(told, [
    '+bumper_front',
    '-bumper_front',
    '+bumper_silent',
    '+bumper_front',
    '+bumper_rear',
    '-bumper_silent',
    '-bumper_front',
  ]);
});

test.run();

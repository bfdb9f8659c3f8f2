import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compilePattern } from '../../../../cloud/local/events/pattern.ts';

/** The sample of the user guide. */
const EC2 = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '111122223333',
  time: '2017-12-22T18:43:48Z',
  region: 'us-west-1',
  resources: ['arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0'],
  detail: {
    'instance-id': 'i-1234567890abcdef0',
    state: 'terminated',
    'c-count': 5,
    'x-limit': 301.8,
    'source-ip': '10.0.0.33',
  },
};

/** The sample of the post: a withdrawal in New York. */
const ATM = {
  source: 'custom.myATMapp',
  'detail-type': 'transaction',
  detail: {
    action: 'withdrawal',
    location: 'NY-NYC-001',
    amount: 300,
    result: 'approved',
    transactionId: '123456',
    cardPresent: true,
    partnerBank: 'Example Bank',
    remainingFunds: 722.34,
  },
};
const atm = (detail: object) => ({ ...ATM, detail: { ...ATM.detail, ...detail } });

type Case = readonly [event: unknown, matches: boolean];

/** One field, `v`, held against values of it. */
const of = (values: readonly (readonly [unknown, boolean])[]): Case[] =>
  values.map(([v, matches]) => [{ v }, matches]);
const yes = (...values: unknown[]): Case[] => of(values.map((value) => [value, true]));
const no = (...values: unknown[]): Case[] => of(values.map((value) => [value, false]));
const v = (...wanted: unknown[]) => ({ v: wanted });

const TABLE: Readonly<Record<string, readonly (readonly [pattern: unknown, cases: readonly Case[]])[]>> = {
  'equal values, and all fields of a pattern': [
    [
      { source: ['aws.ec2'] },
      [
        [EC2, true],
        [ATM, false],
      ],
    ],
    [
      { source: ['aws.ec2', 'custom.myATMapp'] },
      [
        [EC2, true],
        [ATM, true],
        [{}, false],
      ],
    ],
    [{ source: ['aws.ec2'], detail: { state: ['terminated'] } }, [[EC2, true]]],
    [{ source: ['aws.ec2'], detail: { state: ['running'] } }, [[EC2, false]]],
    [{ source: ['AWS.EC2'] }, [[EC2, false]]],
    [{ detail: { state: ['terminated'], missing: ['x'] } }, [[EC2, false]]],
    [{ state: ['terminated'] }, [[EC2, false]]],
    [v('a'), [...yes('a'), ...no('A', 'ab', '', null, 1, true), [{}, false]]],
    [v(true), [...yes(true), ...no(false, 'true', 1)]],
    [v(false), [...yes(false), ...no(true, null, 0, '')]],
  ],
  'numbers are equal by value, texts are not numbers': [
    [v(300), [...yes(300), ...no('300', 301, 300.1, true)]],
    [JSON.parse('{"v":[300.0]}'), yes(300)],
    [JSON.parse('{"v":[3.0e2]}'), yes(300)],
    [v('300'), no(300)],
    [v(0), [...yes(0, -0), ...no(false, null, '')]],
    [v(-1.5), yes(-1.5)],
    [v(123456789012), yes(123456789012)],
  ],
  'null and empty': [
    [v(null), [...yes(null), ...no('', 'null', 0, false), [{}, false]]],
    [v(''), [...yes(''), ...no(null, ' ', []), [{}, false]]],
    [v(null, ''), yes(null, '')],
    [
      { a: { v: [null] } },
      [
        [{ a: { v: null } }, true],
        [{ a: null }, false],
        [{ a: {} }, false],
      ],
    ],
  ],
  prefix: [
    [{ time: [{ prefix: '2017-12-22' }] }, [[EC2, true]]],
    [{ time: [{ prefix: '2017-10-02' }] }, [[EC2, false]]],
    [v({ prefix: 'us-' }), [...yes('us-', 'us-east-1'), ...no('eu-us-', 'US-east-1', 'us', 5, null)]],
    [v({ prefix: '' }), [...yes('', 'a'), ...no(1, null)]],
    [
      v({ prefix: { 'equals-ignore-case': 'EventB' } }),
      [...yes('EventBridge', 'EVENTBRIDGE', 'eventb'), ...no('event', 'xEventB', 7)],
    ],
  ],
  suffix: [
    [v({ suffix: '.png' }), [...yes('a.png', '.png'), ...no('a.PNG', 'a.png.gz', 'png', 1)]],
    [
      v({ suffix: { 'equals-ignore-case': '.png' } }),
      [...yes('a.png', 'a.PNG', 'a.pNg'), ...no('a.jpg', 'png')],
    ],
  ],
  'equals-ignore-case': [
    [
      v({ 'equals-ignore-case': 'alice' }),
      [...yes('alice', 'ALICE', 'Alice'), ...no('alic', 'alice ', 1, null)],
    ],
    [{ 'detail-type': [{ 'equals-ignore-case': 'ec2 instance state-change notification' }] }, [[EC2, true]]],
  ],
  'anything-but': [
    [{ detail: { state: [{ 'anything-but': 'initializing' }] } }, [[EC2, true]]],
    [{ detail: { state: [{ 'anything-but': 'terminated' }] } }, [[EC2, false]]],
    [{ detail: { 'x-limit': [{ 'anything-but': 123 }] } }, [[EC2, true]]],
    [{ detail: { 'x-limit': [{ 'anything-but': [100, 200, 301.8] }] } }, [[EC2, false]]],
    [
      v({ 'anything-but': ['stopped', 'overloaded'] }),
      [...yes('running', '', 'Stopped', 5, null, true), ...no('stopped', 'overloaded'), [{}, false]],
    ],
    [v({ 'anything-but': [100, 200] }), [...yes(300, '100', null), ...no(100, 200)]],
    [
      v({ 'anything-but': { prefix: 'init' } }),
      [...yes('running', 'reinit', 5), ...no('init', 'initializing'), [{}, false]],
    ],
    [v({ 'anything-but': { prefix: ['init', 'error'] } }), [...yes('ok'), ...no('error-1', 'init-1')]],
    [v({ 'anything-but': { suffix: '.png' } }), [...yes('a.jpg', 'a.PNG'), ...no('a.png')]],
    [v({ 'anything-but': { suffix: ['1234', '6789'] } }), [...yes('0000'), ...no('x1234', 'x6789')]],
    [
      v({ 'anything-but': { 'equals-ignore-case': 'initializing' } }),
      [...yes('running'), ...no('INITIALIZING', 'initializing')],
    ],
    [
      v({ 'anything-but': { 'equals-ignore-case': ['initializing', 'stopped'] } }),
      [...yes('x'), ...no('Stopped', 'Initializing')],
    ],
    [v({ 'anything-but': { wildcard: '*/lib/*' } }), [...yes('/usr/bin/a', 'lib'), ...no('/usr/lib/a')]],
    [
      v({ 'anything-but': { wildcard: ['*/lib/*', '*/bin/*'] } }),
      [...yes('/etc/a'), ...no('/usr/lib/a', '/usr/bin/a')],
    ],
  ],
  numeric: [
    [
      { detail: { 'c-count': [{ numeric: ['>', 0, '<=', 5] }], 'x-limit': [{ numeric: ['=', 3.018e2] }] } },
      [[EC2, true]],
    ],
    [
      v({ numeric: ['=', 300] }),
      [...yes(300, JSON.parse('3.0e2'), JSON.parse('300.0')), ...no(299, '300', null)],
    ],
    [v({ numeric: ['>', 10, '<=', 20] }), [...yes(11, 20, 10.0001), ...no(10, 20.1, '15')]],
    [v({ numeric: ['>=', 10, '<', 20] }), [...yes(10, 19.999), ...no(9.99, 20)]],
    [v({ numeric: ['<', 10] }), [...yes(-1e9, 9), ...no(10)]],
    [v({ numeric: ['<=', 10] }), [...yes(10), ...no(11)]],
    [v({ numeric: ['>', -5] }), [...yes(0, -4.9), ...no(-5, -6)]],
    [
      v({ numeric: ['<', 0] }, 'none', { numeric: ['>', 100] }),
      [...yes(-1, 'none', 101), ...no(50, 'other')],
    ],
  ],
  'exists, of leaves only': [
    [v({ exists: true }), [...yes('a', '', null, 0, false, ['a']), ...no([], {}, { inner: 1 }), [{}, false]]],
    [v({ exists: false }), [...no('a', '', null, 0, ['a']), ...yes([], {}, { inner: 1 }), [{}, true]]],
    [
      { detail: { v: [{ exists: false }] } },
      [
        [{}, true],
        [{ detail: {} }, true],
        [{ detail: { v: 1 } }, false],
      ],
    ],
    [
      { a: ['x'], v: [{ exists: false }] },
      [
        [{ a: 'x' }, true],
        [{ a: 'y' }, false],
        [{ a: 'x', v: 1 }, false],
      ],
    ],
    [v({ exists: false }, 'x'), [[{}, true], ...yes('x'), ...no('y')]],
  ],
  cidr: [
    [{ detail: { 'source-ip': [{ cidr: '10.0.0.0/24' }] } }, [[EC2, true]]],
    [
      v({ cidr: '10.0.0.0/24' }),
      [...yes('10.0.0.0', '10.0.0.255'), ...no('10.0.1.0', '10.0.0.256', '::a00:1', 'host', 10)],
    ],
    [v({ cidr: '10.0.0.77/8' }), [...yes('10.255.0.1'), ...no('11.0.0.1')]],
    [v({ cidr: '0.0.0.0/0' }), [...yes('255.255.255.255'), ...no('::1')]],
    [v({ cidr: '192.168.1.128/31' }), [...yes('192.168.1.129'), ...no('192.168.1.130')]],
    [
      v({ cidr: '2001:db8::/32' }),
      [...yes('2001:db8::1', '2001:0db8:ffff::'), ...no('2001:db9::1', '10.0.0.1')],
    ],
    [v({ cidr: '::/0' }), [...yes('::1', 'fe80::1'), ...no('::ffff:10.0.0.9', 'fe80::1%eth0')]],
    [v('::1'), yes('::1', '0:0:0:0:0:0:0:1')],
  ],
  wildcard: [
    [
      v({ wildcard: 'dir/*.png' }),
      [...yes('dir/a.png', 'dir/.png', 'dir/x/y.png'), ...no('dir/a.jpg', 'Dir/a.png', 'a/dir/b.png')],
    ],
    [v({ wildcard: '*' }), [...yes('', 'anything'), ...no(5, null)]],
    [v({ wildcard: 'a*b*c' }), [...yes('abc', 'a--b--c', 'abbcc'), ...no('acb', 'ab', 'xabc')]],
    [v({ wildcard: 'aba*aba' }), [...yes('abaaba', 'abaxaba'), ...no('aba', 'ababa')]],
    [v({ wildcard: '*x*' }), [...yes('x', 'axb'), ...no('')]],
    [v({ wildcard: 'a\\*b' }), [...yes('a*b'), ...no('axb')]],
    [v({ wildcard: 'a\\\\*' }), [...yes('a\\', 'a\\b'), ...no('a*')]],
    [v({ wildcard: 'plain' }), [...yes('plain'), ...no('plainer')]],
    [v({ wildcard: '*.[a-z]' }), [...yes('x.[a-z]'), ...no('x.b')]],
    [{ resources: [{ wildcard: 'arn:aws:ec2:us-west-1:*:instance/*' }] }, [[EC2, true]]],
  ],
  'arrays in events: any element, in any order': [
    [v('a', 'b'), [...yes(['b'], ['x', 'a'], ['a', 'b']), ...no(['x', 'y'], [])]],
    [v({ 'anything-but': 'a' }), [...yes(['b', 'a'], ['a', 'b']), ...no(['a'], [])]],
    [v({ numeric: ['>', 5] }), [...yes([1, 9]), ...no([1, 2])]],
    [v('deep'), yes([['deep']], ['x', ['y', ['deep']]])],
    [
      { resources: ['r2', 'r3'] },
      [
        [{ resources: ['r1', 'r2'] }, true],
        [{ resources: ['r1'] }, false],
      ],
    ],
    [
      { v: { a: [1], b: [2] } },
      [
        [{ v: [{ a: 1, b: 2 }] }, true],
        [
          {
            v: [
              { a: 1, b: 0 },
              { a: 0, b: 2 },
            ],
          },
          false,
        ],
        [
          {
            v: [
              { a: 1, b: 0 },
              { b: 2, a: 1 },
            ],
          },
          true,
        ],
        [{ v: { a: [0, 1], b: [2, 3] } }, true],
      ],
    ],
    [
      { v: { a: ['on'], b: { c: [1] } } },
      [
        [{ v: [{ a: 'on', b: [{ c: 0 }, { c: 1 }] }] }, true],
        [
          {
            v: [
              { a: 'off', b: [{ c: 1 }] },
              { a: 'on', b: [{ c: 0 }] },
            ],
          },
          false,
        ],
      ],
    ],
    [
      { v: { a: ['on'], b: [{ exists: false }] } },
      [
        [{ v: [{ a: 'on' }, { a: 'off', b: 1 }] }, true],
        [{ v: [{ a: 'on', b: 1 }, { a: 'off' }] }, false],
      ],
    ],
  ],
  '$or at any level': [
    [
      { $or: [{ a: [1] }, { b: [2] }] },
      [
        [{ a: 1 }, true],
        [{ b: 2 }, true],
        [{ a: 2, b: 1 }, false],
      ],
    ],
    [
      { s: ['x'], $or: [{ a: [1] }, { b: [2], c: [3] }] },
      [
        [{ s: 'x', a: 1 }, true],
        [{ s: 'x', b: 2, c: 3 }, true],
        [{ s: 'x', b: 2 }, false],
        [{ s: 'y', a: 1 }, false],
      ],
    ],
    [
      {
        detail: {
          $or: [
            { 'c-count': [{ numeric: ['>', 0, '<=', 5] }] },
            { 'd-count': [{ numeric: ['<', 10] }] },
            { 'x-limit': [{ numeric: ['=', 3.018e2] }] },
          ],
        },
      },
      [
        [EC2, true],
        [{ detail: { 'd-count': 9 } }, true],
        [{ detail: { 'd-count': 10 } }, false],
      ],
    ],
    [
      { $or: [{ a: [1], $or: [{ b: [1] }, { c: [1] }] }, { d: [1] }] },
      [
        [{ a: 1, c: 1 }, true],
        [{ d: 1 }, true],
        [{ a: 1 }, false],
        [{ b: 1 }, false],
      ],
    ],
    [
      { $or: [{ a: [1] }, { b: [1] }], x: { $or: [{ c: [1] }, { d: [1] }] } },
      [
        [{ a: 1, x: { d: 1 } }, true],
        [{ a: 1, d: 1 }, false],
        [{ x: { c: 1 } }, false],
      ],
    ],
    [
      { $or: [{ a: [{ exists: false }] }, { a: ['x'] }] },
      [
        [{}, true],
        [{ a: 'x' }, true],
        [{ a: 'y' }, false],
      ],
    ],
  ],
  'the filters of the posts': [
    [
      { source: ['custom.myATMapp'], detail: { amount: [{ numeric: ['>', 300] }] } },
      [
        [ATM, false],
        [atm({ amount: 300.01 }), true],
      ],
    ],
    [
      { source: ['custom.myATMapp'], detail: { location: [{ prefix: 'NY-NYC-' }] } },
      [
        [ATM, true],
        [atm({ location: 'NY-BUF-001' }), false],
      ],
    ],
    [
      { source: ['custom.myATMapp'], detail: { partnerBank: [{ exists: true }] } },
      [
        [ATM, true],
        [atm({ partnerBank: undefined }), false],
      ],
    ],
    [
      {
        source: ['custom.myATMapp'],
        'detail-type': ['transaction'],
        detail: {
          result: ['approved'],
          partnerBank: [{ exists: false }],
          location: [{ 'anything-but': 'NY-NYC-002' }],
        },
      },
      [
        [ATM, false],
        [JSON.parse(JSON.stringify(atm({ partnerBank: undefined }))), true],
        [JSON.parse(JSON.stringify(atm({ partnerBank: undefined, location: 'NY-NYC-002' }))), false],
      ],
    ],
    [
      { source: ['aws.s3'], detail: { bucket: { name: [{ prefix: 'myapp-' }] } } },
      [
        [{ source: 'aws.s3', detail: { bucket: { name: 'myapp-images' } } }, true],
        [{ source: 'aws.s3', detail: { bucket: { name: 'other' } } }, false],
      ],
    ],
  ],
};

let rows = 0;
for (const [title, patterns] of Object.entries(TABLE)) {
  test(title, () => {
    for (const [pattern, cases] of patterns) {
      for (const [event, expected] of cases) {
        rows++;
        const given = JSON.parse(JSON.stringify(event));
        const said = `${JSON.stringify(pattern)} on ${JSON.stringify(given)}`;
        assert.is(compilePattern(pattern)(given), expected, said);
        assert.is(compilePattern(JSON.stringify(pattern))(given), expected, `${said}, as text`);
      }
    }
  });
}

const REFUSED: readonly (readonly [pattern: unknown, reason: string])[] = [
  [[], 'Filter is not an object'],
  ['{', 'Not valid JSON'],
  [{}, 'Empty objects are not allowed'],
  [{ a: {} }, 'Empty objects are not allowed'],
  [{ a: [] }, 'Empty arrays are not allowed'],
  [{ a: 'x' }, '"a" must be an object or an array'],
  [{ a: { b: 5 } }, '"b" must be an object or an array'],
  [v(['x']), 'Match value must be String, number, true, false, or null'],
  [v({}), 'Match expression name not found'],
  [v({ regex: 'x' }), 'Unrecognized match type regex'],
  [v({ prefix: 5 }), 'prefix match pattern must be a string'],
  [v({ prefix: 'a', suffix: 'b' }), 'Only one key allowed in match expression'],
  [v({ prefix: { wildcard: 'a' } }), 'Unsupported prefix pattern: wildcard'],
  [v({ suffix: null }), 'suffix match pattern must be a string'],
  [v({ suffix: {} }), 'Suffix expression name not found'],
  [v({ 'equals-ignore-case': ['a'] }), 'equals-ignore-case match pattern must be a string'],
  [v({ wildcard: 'a**b' }), 'Consecutive wildcard characters at pos 2'],
  [v({ wildcard: 'a\\b' }), 'Invalid escape character at pos 2'],
  [v({ wildcard: 1 }), 'wildcard match pattern must be a string'],
  [v({ numeric: 5 }), 'Value of numeric must be an array.'],
  [v({ numeric: [5] }), 'Invalid member in numeric match: 5'],
  [v({ numeric: ['!', 5] }), 'Unrecognized numeric range operator: !'],
  [v({ numeric: ['=', '5'] }), 'Value of equals must be numeric'],
  [v({ numeric: ['>', '5'] }), 'Value of > must be numeric'],
  [v({ numeric: ['<', 5, '>', 1] }), 'Too many elements in numeric expression'],
  [v({ numeric: ['>', 5, '>', 9] }), 'Bad numeric range operator: >'],
  [v({ numeric: ['>', 5, '<', 5] }), 'Bottom must be less than top'],
  [v({ numeric: ['>', 1, '<', 5, '<'] }), 'Too many terms in numeric range expression'],
  [v({ exists: 'true' }), 'exists match pattern must be either true or false.'],
  [v({ cidr: '10.0.0.0' }), "Malformed CIDR, one '/' required"],
  [v({ cidr: '10.0.0.0/a' }), 'Malformed CIDR, mask bits must be an integer'],
  [v({ cidr: '10.0.0.0/-1' }), 'Malformed CIDR, mask bits must not be negative'],
  [v({ cidr: '10.0.0.0/32' }), 'IPv4 mask bits must be < 32'],
  [v({ cidr: '::/128' }), 'IPv6 mask bits must be < 128'],
  [v({ cidr: 'host/8' }), 'Nonstandard IP address: host'],
  [v({ cidr: '::ffff:10.0.0.0/120' }), 'Nonstandard IP address: ::ffff:10.0.0.0'],
  [v({ 'anything-but': true }), 'Value of anything-but must be an array or single string/number value.'],
  [v({ 'anything-but': ['a', 1] }), 'mixed type is not supported'],
  [v({ 'anything-but': [] }), 'mixed type is not supported'],
  [v({ 'anything-but': [null] }), 'Inside anything but list, start|null|boolean is not supported.'],
  [v({ 'anything-but': { prefix: '' } }), 'Null prefix/suffix not allowed'],
  [v({ 'anything-but': { prefix: 5 } }), 'prefix/suffix match pattern must be a string'],
  [v({ 'anything-but': { numeric: ['=', 5] } }), 'Unsupported anything-but pattern: numeric'],
  [v({ 'anything-but': { wildcard: '**' } }), 'Consecutive wildcard characters'],
  [{ $or: { a: [1] } }, 'It must be an Array followed with $or.'],
  [{ $or: [{ a: [1] }] }, 'There must have at least 2 Objects in $or relationship.'],
  [{ $or: [{ a: [1] }, 'b'] }, 'Only JSON object is allowed in array of $or relationship.'],
  [
    { $or: [{ prefix: ['a'] }, { b: ['c'] }] },
    'prefix is Ruler reserved fieldName which cannot be used inside $or.',
  ],
  [
    Object.fromEntries(
      [1, 2, 3, 4].map((n) => [`f${n}`, { $or: [1, 2, 3, 4, 5, 6].map((m) => ({ [`g${m}`]: [m] })) }]),
    ),
    'More than 1000 combinations of $or',
  ],
];

for (const [pattern, reason] of REFUSED) {
  test(`refused: ${JSON.stringify(pattern).slice(0, 60)}`, () => {
    assert.throws(
      () => compilePattern(pattern),
      (error: Error) =>
        error.message.includes(reason) || assert.unreachable(`${error.message} instead of ${reason}`),
    );
  });
}

test('what is not an object matches nothing; many elements are gone through once', () => {
  for (const event of [null, 'a', 5, [{ v: 'a' }]]) assert.not(compilePattern(v('a'))(event));
  const many = Array.from({ length: 20_000 }, (_, n) => `x${n}`);
  assert.not(
    compilePattern({ a: [{ prefix: 'x' }], b: [{ prefix: 'x' }], c: ['no'] })({ a: many, b: many, c: 'x' }),
  );
});

test('the table is as long as it says', () => assert.ok(rows >= 150, `${rows} rows`));

test.run();

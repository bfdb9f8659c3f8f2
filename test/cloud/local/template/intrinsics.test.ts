import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  NO_VALUE,
  referencesIn,
  resolve,
  type Scope,
  unknownFunctionsIn,
} from '../../../../cloud/local/template/intrinsics.ts';
import { creationOrder } from '../../../../cloud/local/template/order.ts';
import { parameterValues } from '../../../../cloud/local/template/parameters.ts';

const references: Record<string, unknown> = {
  Name: 'robot',
  Number: 7,
  List: ['a', 'b', 'c'],
  'AWS::Region': 'eu-central-1',
  'AWS::NoValue': NO_VALUE,
};
const scope: Scope = {
  reference(name) {
    if (name in references) return references[name];
    throw new Error(`no ${name}`);
  },
  attribute: (name, attribute) => `<${name}.${attribute}>`,
  condition: (name) => name === 'Yes',
  mapping: (map, first, second) => `${map}/${first}/${second}`,
  imported: (name) => `imported ${name}`,
};

const cases: readonly (readonly [value: unknown, expected: unknown])[] = [
  ['text', 'text'],
  [null, null],
  [{ a: [1, { b: true }] }, { a: [1, { b: true }] }],
  [{ Ref: 'Name' }, 'robot'],
  [{ Ref: 'AWS::Region' }, 'eu-central-1'],
  [{ 'Fn::GetAtt': ['Table', 'Arn'] }, '<Table.Arn>'],
  [{ 'Fn::GetAtt': 'Table.Stream.Arn' }, '<Table.Stream.Arn>'],
  [{ 'Fn::Join': ['', ['arn:', { Ref: 'Name' }, ':', { Ref: 'Number' }]] }, 'arn:robot:7'],
  [{ 'Fn::Join': [',', { Ref: 'List' }] }, 'a,b,c'],
  [{ 'Fn::Split': [':', 'a:b:c'] }, ['a', 'b', 'c']],
  [{ 'Fn::Select': [1, { 'Fn::Split': [':', { 'Fn::GetAtt': ['F', 'a:b'] }] }] }, 'b>'],
  [{ 'Fn::Select': ['2', { Ref: 'List' }] }, 'c'],
  [
    { 'Fn::Sub': `\${Name}-\${AWS::Region}-\${Table.Arn}-\${!Kept}` },
    `robot-eu-central-1-<Table.Arn>-\${Kept}`,
  ],
  [{ 'Fn::Sub': [`\${Own} \${Name}`, { Own: { Ref: 'Number' } }] }, '7 robot'],
  [{ 'Fn::If': ['Yes', 1, { Ref: 'Unknown' }] }, 1],
  [{ 'Fn::If': ['No', { Ref: 'Unknown' }, { Ref: 'Name' }] }, 'robot'],
  [{ kept: 1, gone: { 'Fn::If': ['No', 1, { Ref: 'AWS::NoValue' }] } }, { kept: 1 }],
  [
    [1, { Ref: 'AWS::NoValue' }, 2],
    [1, 2],
  ],
  [{ 'Fn::Equals': [{ Ref: 'Name' }, 'robot'] }, true],
  [{ 'Fn::Not': [{ 'Fn::Equals': ['a', 'b'] }] }, true],
  [{ 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] }, false],
  [{ 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] }, true],
  [{ 'Fn::FindInMap': ['Map', { Ref: 'AWS::Region' }, 'ami'] }, 'Map/eu-central-1/ami'],
  [{ 'Fn::ImportValue': { 'Fn::Sub': `\${Name}-vpc` } }, 'imported robot-vpc'],
  [{ 'Fn::Base64': 'a' }, 'YQ=='],
  // A statement of a policy, no condition of the template.
  [{ Condition: { Bool: { a: 'true' } } }, { Condition: { Bool: { a: 'true' } } }],
];

for (const [value, expected] of cases) {
  test(`resolves ${JSON.stringify(value)}`, () => assert.equal(resolve(value, scope), expected));
}

const failures: readonly (readonly [value: unknown, message: RegExp])[] = [
  [{ 'Fn::Cidr': ['10.0.0.0/16', 2] }, /Fn::Cidr is not supported/],
  [{ Ref: 'Unknown' }, /no Unknown/],
  [{ 'Fn::Select': [3, { Ref: 'List' }] }, /expected an index below 3 but received 3/],
  [{ 'Fn::Select': [0] }, /Expected 2 arguments/],
  [{ 'Fn::Join': ['', 'text'] }, /Expected a list/],
  [{ 'Fn::Join': ['', [{ a: 1 }]] }, /Expected text/],
];

for (const [value, message] of failures) {
  test(`refuses ${JSON.stringify(value)}`, () => assert.throws(() => resolve(value, scope), message));
}

test('finds what a value refers to, and functions that nobody carries out', () => {
  const value = {
    a: { Ref: 'One' },
    b: [
      { 'Fn::GetAtt': ['Two', 'Arn'] },
      { 'Fn::Sub': [`\${Three.Arn}\${Own}\${!No}`, { Own: { Ref: 'Four' } }] },
    ],
    c: { 'Fn::Cidr': [{ Ref: 'Five' }] },
  };
  assert.equal([...referencesIn(value)].sort(), ['Five', 'Four', 'One', 'Three', 'Two']);
  assert.equal([...unknownFunctionsIn(value)], ['Fn::Cidr']);
});

test('what is referred to or depended on comes first', () => {
  const Type = 'T';
  const order = creationOrder({
    A: { Type, Properties: { x: { Ref: 'B' }, y: { Ref: 'AWS::Region' } } },
    B: { Type, DependsOn: ['C'] },
    C: { Type },
    D: { Type, DependsOn: 'A' },
  });
  assert.equal(order, ['C', 'B', 'A', 'D']);
  assert.throws(
    () => creationOrder({ A: { Type, DependsOn: 'B' }, B: { Type, Properties: { x: { Ref: 'A' } } } }),
    /Expected no circle but received A -> B -> A/,
  );
});

test('parameters take what is given, else their default, and only what they allow', () => {
  const parameters = {
    Size: { Type: 'Number', Default: 3 },
    Kind: { Type: 'String', AllowedValues: ['big', 'small'] },
    Names: { Type: 'CommaDelimitedList', Default: 'a, b' },
    Version: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/a/name' },
  };
  assert.equal(
    [...parameterValues(parameters, { Kind: 'big' })],
    [
      ['Size', '3'],
      ['Kind', 'big'],
      ['Names', ['a', 'b']],
    ],
  );
  assert.throws(
    () => parameterValues(parameters, { Kind: 'huge' }),
    /Kind to be one of big, small but received "huge"/,
  );
  assert.throws(() => parameterValues(parameters, { Size: 'x' }), /Size to be a number/);
  assert.throws(
    () => parameterValues(parameters, { Else: '1' }),
    /one of the parameters .* but received Else/,
  );
});

test.run();

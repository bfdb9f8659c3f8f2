import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Rendering, Velocity } from '../../../../cloud/local/vtl/velocity.ts';

const velocity = new Velocity();
const test = suite('mapping templates');

const given: Omit<Rendering, 'template'> = {
  body: '{"id":"a","list":[1,2.5,true,null],"deep":{"er":{"x":"y"}},"q":"\'\\"\\\\/\\n\\u2028é"}',
  params: {
    path: { id: 'from path' },
    querystring: { id: 'from query', q: 'from query' },
    header: { q: 'from header', h: 'from header' },
  },
  context: {
    requestId: 'r-1',
    httpMethod: 'POST',
    identity: { sourceIp: '192.0.2.1' },
    authorizer: { claims: { email: 'zoe@example.com' } },
  },
  stageVariables: { table: 'links' },
};
const render = (template: string, more: Partial<Rendering> = {}) =>
  velocity.render({ ...given, template, ...more });

test.after(() => velocity.close());

test('a page of a thousand items, as DynamoDB gives them, is read whole', async () => {
  const Items = Array.from({ length: 1000 }, (_, at) => ({
    id: { S: `${at}` },
    url: { S: 'https://e.example' },
  }));
  const { output } = await render("#foreach($item in $input.path('$.Items'))$item.id.S,#end", {
    body: JSON.stringify({ Items }),
  });
  assert.is(output, Items.map(({ id }) => `${id.S},`).join(''));
});

const rows: readonly (readonly [template: string, output: string])[] = [
  ['plain $5 #1 #notadirective', 'plain $5 #1 #notadirective'],
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
  ["$input.json('$.id')", '"a"'],
  ["$input.json('$.deep')", '{"er":{"x":"y"}}'],
  ["$input.json('$.deep.er.x')", '"y"'],
  ["$input.json('$.list')", '[1,2.5,true,null]'],
  ["$input.json('$.q')", '"\'\\"\\\\/\\n\\u2028é"'],
  ["$input.json('$.gone')", '""'],
  ["$input.path('$.list[1]')", '2.5'],
  ["$input.path('$').deep.er.x", 'y'],
  ["$input.path('$.list').size()", '4'],
  ["#foreach($one in $input.path('$.list'))$foreach.count#if($foreach.hasNext),#end#end", '1,2,3,4'],
  [
    "$input.params('id') $input.params('q') $input.params('h') [$input.params('gone')]",
    'from path from query from header []',
  ],
  ['$input.params().querystring.q', 'from query'],
  ["$input.params('q').replaceAll('[aeiou]', '.').toUpperCase()", 'FR.M Q..RY'],
  ['#if($input.body.contains("deep"))yes#end', 'yes'],
  [
    '$context.requestId $context.identity.sourceIp $context.authorizer.claims.email [$context.gone]',
    'r-1 192.0.2.1 zoe@example.com []',
  ],
  [`$stageVariables.table \${stageVariables.table}s`, 'links linkss'],
  ["#set($a = $input.path('$.id'))$a$!b", 'a'],
  ["$util.escapeJavaScript($input.path('$.q'))", '\\\'\\"\\\\\\/\\n\\u2028\\u00E9'],
  [`$util.escapeJavaScript($input.path('$.q')).replaceAll("\\\\'", "'")`, '\'\\"\\\\\\/\\n\\u2028\\u00E9'],
  [`$util.parseJson('{"a":[{"b":"c"}]}').a[0].b`, 'c'],
  ["$util.urlEncode('a b/ü') $util.urlDecode('a+b%2F%C3%BC')", 'a+b%2F%C3%BC a b/ü'],
  ["$util.base64Encode('ü$') $util.base64Decode('w7wk')", 'w7wk ü$'],
  ['#macro(twice $x)$x$x#end#twice("a")', 'aa'],
  ['## said to nobody\nsaid', 'said'],
];
for (const [template, output] of rows) {
  test(`renders ${JSON.stringify(template).slice(0, 70)}`, async () => {
    assert.is((await render(template)).output, output);
  });
}

test('what is put in is text, whatever it looks like', async () => {
  for (const value of [
    '#set($x = 1)$x',
    '$util.urlEncode("a")',
    '#end',
    '${',
    '"\'\\\n\r\u2028\u0000\u007f😀',
    '#include("/etc/hostname")',
  ]) {
    const { output } = await render("$input.params('p')|$input.path('$.p')", {
      body: JSON.stringify({ p: value }),
      params: { ...given.params, path: { p: value } },
    });
    assert.is(output, `${value}|${value}`);
    const json = await render("$input.json('$.p')", { body: JSON.stringify({ p: value }) });
    assert.is(JSON.parse(json.output), value);
  }
});

test('tells what a template overrides', async () => {
  const { responseOverride, requestOverride } = await render(
    '#set($context.responseOverride.status = 404)#set($context.responseOverride.header.Retry-After = "1")#set($context.requestOverride.querystring.a = "b")',
  );
  assert.equal(responseOverride, { header: { 'Retry-After': '1' }, status: 404 });
  assert.equal(requestOverride.querystring, { a: 'b' });
  assert.equal((await render('none')).responseOverride, { header: {} });
});

test('without a body there is an empty object; what is no JSON is a text', async () => {
  assert.is((await render("$input.json('$')", { body: '' })).output, '{}');
  assert.is((await render("[$input.path('$.a')]", { body: 'no json' })).output, '[]');
});

test('reaches neither files nor classes', async () => {
  const secret = '#include("/etc/hostname")#parse("/etc/hostname")';
  assert.not.match(
    await render(secret).then(
      ({ output }) => output,
      (error: Error) => error.message,
    ),
    /^[a-z0-9-]+$/,
  );
  const { output } = await render("$input.getClass().forName('java.lang.Runtime')");
  assert.is(output, "$input.getClass().forName('java.lang.Runtime')");
});

const bad = async (template: string) => {
  try {
    await render(template);
    return 'rendered';
  } catch (error) {
    return (error as Error).message;
  }
};

test('a template that is none is refused; the next one renders', async () => {
  assert.match(await bad('#if(true)never ended'), /Encountered "<EOF>"/);
  assert.match(await bad("$util.base64Decode('%')"), /base64Decode/);
  assert.is((await render('still here')).output, 'still here');
});

test('one that does not end is ended, and others go on', async () => {
  const forever = '#foreach($a in [1..30000])#foreach($b in [1..30000])#set($c = $a)#end#end';
  const [failed, other] = await Promise.all([bad(forever), render('behind')]);
  assert.match(failed, /did not end within 2000 ms/);
  assert.is(other.output, 'behind');
  assert.is((await render('after')).output, 'after');
});

test.run();

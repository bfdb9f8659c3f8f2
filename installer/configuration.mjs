/**
 * What /etc/roverd/config.json is to be after an installation: what it holds, with the options that were given, and
 * with what a robot on the network needs where it says nothing about that.
 *
 *   node configuration.mjs FILE name=... driver=... port=... simulate=yes|no hostname=... update=yes|no etc=...
 *
 * Prints the keys that change on the first line and the whole file after it; nothing where nothing changes. Exits 1,
 * saying why on standard output, when the file is not JSON.
 */
import { existsSync, readFileSync } from 'node:fs';

const [file, ...words] = process.argv.slice(2);
const choices = Object.fromEntries(
  words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
);

let content = {};
if (existsSync(file)) {
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.log(`${file} is not JSON, so it was left as it is: ${error.message}`);
    process.exit(1);
  }
}

const changed = [];
const has = (section, name) => Object.hasOwn(content[section] ?? {}, name);
const set = (section, name, value) => {
  if (content[section]?.[name] === value) return;
  content[section] = { ...content[section], [name]: value };
  changed.push(`${section}.${name}`);
};
const setIfAbsent = (section, name, value) => {
  if (!has(section, name)) set(section, name, value);
};

if (choices.name) set('robot', 'name', choices.name);
if (choices.simulate === 'yes') set('robot', 'simulate', true);
if (choices.driver) set('drive', 'driver', choices.driver);
if (choices.update !== 'yes') {
  // The original's config.json names the robot by its thing.
  if (!content.IOT_THINGNAME) setIfAbsent('robot', 'name', choices.hostname.slice(0, 64) || 'roverd');
  if (!has('teleop', 'host')) {
    set('teleop', 'host', '0.0.0.0');
    setIfAbsent('teleop', 'port', 8443);
    if (!has('teleop', 'tlsCert') && !content.teleop?.allowPlaintext) {
      set('teleop', 'tlsCert', `${choices.etc}/tls/certificate.pem`);
      set('teleop', 'tlsKey', `${choices.etc}/tls/key.pem`);
    }
  }
}
if (choices.port) set('teleop', 'port', Number(choices.port));

if (changed.length > 0) console.log(`${changed.join(', ')}\n${JSON.stringify(content, null, 2)}`);

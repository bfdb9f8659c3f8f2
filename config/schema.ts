import { flag, jsonObject, type Key, list, number, oneOf, text, whole } from './format.ts';

/** `host`, `host:port`-free: a name or an address as it stands in a URL without its brackets. */
const HOST = /^[A-Za-z0-9_.:-]{1,253}$/;

/** A host, with a port where it is not the usual one; an IPv6 address with a port in brackets. */
const ENDPOINT = /^([A-Za-z0-9_.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?)?$/;

/** RFC 6749 3.3. */
const SCOPE = /^[!#-[\]-~]{1,256}$/;

/** A STUN or TURN server, as in WebRTC's RTCIceServer. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** Every key of the configuration. config/README.md and config/roverd.sample.json are made from it. */
export const schema = withVariables({
  robot: {
    name: text({
      default: 'roverd',
      pattern: /^[A-Za-z0-9_-]{1,64}$/,
      expects: '1 to 64 letters, digits, _ or -',
      doc: 'Name of the robot, as people and topics know it.',
    }),
    stateDir: text({
      default: '',
      expects: 'the path of a folder',
      doc: 'Where tokens, certificates and logs of this robot are kept. Empty: `/var/lib/roverd` where it exists and is writable, else `.roverd` beside `package.json`.',
    }),
    simulate: flag({
      default: false,
      doc: 'Drives a simulated robot in a simulated room instead of motors, with its camera and battery.',
    }),
  },
  drive: {
    driver: oneOf(['auto', 'simulated', 'motor-hat', 'explorer-hat', 'johnny-five'], {
      default: 'auto',
      doc: 'What turns the wheels. auto: the HAT that answers on the I2C bus. `robot.simulate` goes before it.',
    }),
    invertLeft: flag({
      default: false,
      doc: 'Turns the left motor the other way round; `roverd calibrate` finds out.',
    }),
    invertRight: flag({ default: false, doc: 'Turns the right motor the other way round.' }),
    whenStopped: oneOf(['brake', 'coast'], {
      default: 'brake',
      doc: 'Whether a standing motor holds or runs out. Without power, and after the guardian had to act, it runs out.',
    }),
    actionRatio: number({
      default: 0.5,
      min: 0,
      max: 1,
      unit: 'of full speed',
      doc: 'Speed of the actions forward, backwards, left and right.',
    }),
    actionMs: whole({ default: 200, min: 50, max: 2000, unit: 'ms', doc: 'How long an action drives.' }),
    rampPerS: number({
      default: 4,
      min: 0.1,
      max: 100,
      unit: 'full scales per second',
      doc: 'Fastest change of a wheel while driving; at 4, from rest to full speed takes 250 ms. A stop is not ramped.',
    }),
    maxRatio: number({
      default: 1,
      min: 0.05,
      max: 1,
      unit: 'of full speed',
      doc: 'Speed limit of each wheel.',
    }),
    tickMs: whole({
      default: 10,
      min: 5,
      max: 50,
      unit: 'ms',
      doc: 'Period of the control loop (ramp, watchdog).',
    }),
    writeTimeoutMs: whole({
      default: 100,
      min: 10,
      max: 1000,
      unit: 'ms',
      doc: 'A write to the motors that takes longer counts as failed and stops the robot.',
    }),
    guardianTimeoutMs: whole({
      default: 250,
      min: 100,
      max: 1000,
      unit: 'ms',
      doc: 'Without a finished control tick for this long while moving, or when the motors don’t take a stop, the guardian stops them by itself. Without an answer from the guardian for this long, the robot stops and starts another. At least five times `drive.tickMs`.',
    }),
  },
  motorHat: {
    bus: whole({ default: 1, min: 0, max: 99, doc: 'I2C bus of driver motor-hat: N of `/dev/i2c-N`.' }),
    address: whole({
      default: 0x60,
      min: 0x60,
      max: 0x7f,
      doc: 'Its I2C address, 96 being 0x60: set by the jumpers of the HAT.',
    }),
    leftMotor: whole({ default: 1, min: 1, max: 4, doc: 'Which of M1 to M4 turns the left wheels.' }),
    rightMotor: whole({ default: 2, min: 1, max: 4, doc: 'Which of M1 to M4 turns the right wheels.' }),
  },
  explorerHat: {
    bus: whole({ default: 1, min: 0, max: 99, doc: 'I2C bus by which driver auto knows the HAT.' }),
    pwm: oneOf(['auto', 'kernel', 'raspi-io'], {
      default: 'auto',
      doc: 'What makes the PWM. kernel: the overlay pwm-gpio, on every Pi and without root. raspi-io: before Pi 5, with root. auto: kernel where it is there, else raspi-io.',
    }),
    frequencyHz: whole({ default: 100, min: 20, max: 1000, unit: 'Hz', doc: 'Frequency of the PWM.' }),
    leftMotor: whole({
      default: 1,
      min: 1,
      max: 2,
      doc: 'Which of the motors 1 and 2 turns the left wheels.',
    }),
    rightMotor: whole({
      default: 2,
      min: 1,
      max: 2,
      doc: 'Which of the motors 1 and 2 turns the right wheels.',
    }),
  },
  johnnyFive: {
    io: text({
      default: '',
      pattern: /^[@A-Za-z0-9._/-]{0,214}$/,
      expects: 'the name of an npm package',
      doc: 'IO plugin of driver johnny-five, such as raspi-io; it has to be installed. Empty: a board with Firmata on a serial port.',
    }),
    ioOptions: jsonObject({ default: {}, doc: 'What the IO plugin is constructed with.' }),
    port: text({
      default: '',
      expects: 'the path of a serial port',
      doc: 'Where the board with Firmata is. Empty: the first on USB.',
    }),
    left: jsonObject({
      default: {},
      doc: 'The left motor, as `Motor` of johnny-five takes it: `{"pins": {"pwm": 3, "dir": 12}}`; or by the name of a shield in `Motor.SHIELD_CONFIGS`: `{"shield": "ADAFRUIT_V2.M1"}`, with what differs beside it.',
    }),
    right: jsonObject({ default: {}, doc: 'The right motor, likewise.' }),
  },
  command: {
    watchdogMs: whole({
      default: 400,
      min: 100,
      max: 2000,
      unit: 'ms',
      doc: 'Without a command for this long while driving, the robot stops.',
    }),
    maxAgeMs: whole({
      default: 1000,
      min: 50,
      max: 60_000,
      unit: 'ms',
      doc: 'Life of a message that carries `issuedAtMs` but no `ttlMs`; older ones are dropped.',
    }),
    leaseIdleMs: whole({
      default: 10_000,
      min: 1000,
      max: 600_000,
      unit: 'ms',
      doc: 'After this long without a command from an operator on the spot, one in the cloud may take over.',
    }),
  },
  teleop: {
    host: text({
      default: '127.0.0.1',
      pattern: HOST,
      expects: 'a host name or address',
      doc: 'Address the server listens on; `0.0.0.0` or `::` is every network. Other than this machine alone needs TLS or `teleop.allowPlaintext`.',
    }),
    port: whole({
      default: 8080,
      min: 0,
      max: 65_535,
      doc: 'TCP port of page, API and WebSocket; 0 takes a free one.',
    }),
    allowedHosts: list<string>({
      default: [],
      maxItems: 32,
      accepts: (item) => typeof item === 'string' && HOST.test(item),
      expects: 'host names',
      doc: 'Further names by which browsers reach this robot (checked in Host and Origin).',
    }),
    allowPlaintext: flag({
      default: false,
      doc: 'Allows other machines to connect without TLS: commands, tokens and pictures can then be read on the way.',
    }),
    tlsCert: text({
      default: '',
      expects: 'the path of a PEM file',
      doc: 'Certificate chain of the server.',
    }),
    tlsKey: text({ default: '', expects: 'the path of a PEM file', doc: 'Private key of the server.' }),
    token: text({
      default: '',
      pattern: /^([!-~]{16,256})?$/,
      expects: 'empty or 16 to 256 printable characters without spaces',
      sensitive: true,
      doc: 'A fixed operator token for automation, besides those that pairing gives.',
    }),
    maxConnections: whole({ default: 32, min: 1, max: 1000, doc: 'WebSockets open at a time.' }),
    messagesPerS: whole({
      default: 120,
      min: 10,
      max: 100_000,
      unit: 'per second',
      doc: 'Messages a connection may send; what is beyond is dropped, stops excepted.',
    }),
    messageBurst: whole({
      default: 60,
      min: 1,
      max: 100_000,
      doc: 'Messages a connection may send at once before `teleop.messagesPerS` counts.',
    }),
    requestsPerS: whole({
      default: 20,
      min: 1,
      max: 100_000,
      unit: 'per second',
      doc: 'HTTP requests an address may send.',
    }),
    stateEveryMs: whole({
      default: 100,
      min: 20,
      max: 5000,
      unit: 'ms',
      doc: 'How often pages are told the state of the robot.',
    }),
  },
  video: {
    enabled: flag({ default: true, doc: 'Whether the camera may be watched at all.' }),
    source: oneOf(['auto', 'simulator', 'test', 'file', 'v4l2', 'libcamera'], {
      default: 'auto',
      doc: 'Where pictures come from. auto: the simulator in simulation, else libcamera where it finds a camera, else `video.device`.',
    }),
    device: text({
      default: '/dev/video0',
      pattern: /^\/[^\0\r\n]+$/,
      expects: 'the path of a V4L2 device',
      doc: 'The camera of source `v4l2`.',
    }),
    file: text({
      default: '',
      expects: 'the path of a video file',
      doc: 'What source `file` plays, in a loop.',
    }),
    width: whole({
      default: 640,
      min: 160,
      max: 1920,
      step: 2,
      unit: 'pixels',
      doc: 'Width of the picture.',
    }),
    height: whole({
      default: 480,
      min: 120,
      max: 1080,
      step: 2,
      unit: 'pixels',
      doc: 'Height of the picture.',
    }),
    framesPerS: whole({ default: 30, min: 1, max: 60, unit: 'per second', doc: 'Pictures per second.' }),
    encoder: oneOf(['auto', 'v4l2h264enc', 'x264enc'], {
      default: 'auto',
      doc: 'H.264 encoder, by the name of its GStreamer element. auto: the hardware one where it exists.',
    }),
    bitrateKbps: whole({
      default: 1500,
      min: 100,
      max: 8000,
      unit: 'kbit/s',
      doc: 'Bit rate to begin with.',
    }),
    minBitrateKbps: whole({
      default: 250,
      min: 100,
      max: 8000,
      unit: 'kbit/s',
      doc: 'Not below this, however bad the link.',
    }),
    maxBitrateKbps: whole({
      default: 4000,
      min: 100,
      max: 8000,
      unit: 'kbit/s',
      doc: 'Not above this, however good the link.',
    }),
    keyFrameIntervalS: whole({
      default: 10,
      min: 1,
      max: 60,
      unit: 's',
      doc: 'A key frame at least this often; viewers that need one ask for it.',
    }),
    maxViewers: whole({ default: 10, min: 1, max: 10, doc: 'Viewers at a time.' }),
    iceServers: list<IceServer>({
      default: [],
      maxItems: 8,
      accepts: isIceServer,
      expects: 'objects {urls: ["stun:..." or "turn:..."], username?, credential?}',
      sensitive: true,
      doc: 'STUN and TURN servers; none are needed where robot and viewer share a network.',
    }),
    engine: oneOf(['auto', 'kvs', 'datachannel'], {
      default: 'auto',
      doc: 'What speaks WebRTC. auto: the KVS WebRTC C SDK where the addon was built with it, else node-datachannel.',
    }),
  },
  simulator: {
    batteryRatio: number({
      default: 1,
      min: 0,
      max: 1,
      unit: 'of full charge',
      doc: 'Charge of the simulated battery at the start.',
    }),
    batteryMinutes: number({
      default: 60,
      min: 0.1,
      max: 10_000,
      unit: 'minutes',
      doc: 'Time of driving at full speed in a full simulated battery.',
    }),
    wifi: flag({
      default: true,
      doc: 'Whether simulated Wi-Fi fades with the distance from its access point.',
    }),
  },
  cloud: {
    endpoint: text({
      default: '',
      pattern: ENDPOINT,
      expects: 'empty, a host or host:port',
      doc: "AWS IoT Core's data endpoint of the account, `...-ats.iot.REGION.amazonaws.com`. Empty: no cloud link by MQTT.",
    }),
    port: whole({
      default: 443,
      min: 1,
      max: 65_535,
      doc: 'Port of `cloud.endpoint` where that names none: 443 (MQTT by ALPN, passes most firewalls) or 8883.',
    }),
    thingName: text({
      default: '',
      pattern: /^[A-Za-z0-9:_-]{0,128}$/,
      expects: 'at most 128 letters, digits, :, _ or -',
      doc: 'Name of the thing, first part of its topics and its client id. Empty: `robot.name`.',
    }),
    topics: oneOf(['all', 'original'], {
      default: 'all',
      doc: "What the thing's policy grants. all: action, telemetry, status and shadow; original: action and telemetry only, as the policy of aws-serverless-telepresence-robot does.",
    }),
    certificate: text({
      default: '',
      expects: 'the path of a PEM file',
      doc: 'Certificate of the thing. Empty: `certs/certificate.pem` beside the configuration file, else in `/etc/roverd`.',
    }),
    privateKey: text({
      default: '',
      expects: 'the path of a PEM file',
      doc: 'Private key of the thing. Empty: `certs/private.pem.key` beside the configuration file, else in `/etc/roverd`.',
    }),
    ca: text({
      default: '',
      expects: 'the path of a PEM file',
      doc: 'Certificate authority of the endpoints. Empty: `certs/cacert.pem` beside the configuration file, else in `/etc/roverd`.',
    }),
    keepAliveS: whole({
      default: 30,
      min: 5,
      max: 1200,
      unit: 's',
      doc: 'A silent connection is probed this often; AWS takes 30 at least.',
    }),
    telemetryEveryMs: whole({
      default: 10_000,
      min: 100,
      max: 3_600_000,
      unit: 'ms',
      doc: 'How often telemetry is published.',
    }),
    bufferSamples: whole({
      default: 1000,
      min: 1,
      max: 100_000,
      unit: 'samples',
      doc: 'Telemetry kept while offline; beyond that the oldest is dropped and counted.',
    }),
    replayPerS: number({
      default: 5,
      min: 0.1,
      max: 100,
      unit: 'per second',
      doc: 'Kept telemetry published a second once the connection is back.',
    }),
    credentialsEndpoint: text({
      default: '',
      pattern: ENDPOINT,
      expects: 'empty, a host or host:port',
      doc: "AWS IoT's credential provider of the account, `...credentials.iot.REGION.amazonaws.com`. Empty: no AWS credentials and no video by KVS.",
    }),
    roleAlias: text({
      default: '',
      pattern: /^[\w=,@-]{0,128}$/,
      expects: 'at most 128 letters, digits, _, =, comma, @ or -',
      doc: 'Role alias that the credential provider lends this robot.',
    }),
    region: text({
      default: '',
      pattern: /^([a-z]{2,}(-[a-z]+)+-\d{1,2})?$/,
      expects: 'empty or a region such as us-east-1',
      doc: 'AWS region of the signaling channel.',
    }),
    video: flag({
      default: true,
      doc: 'Whether the camera may be watched, and the robot driven, over KVS. Needs `cloud.credentialsEndpoint`.',
    }),
    kvsEndpoint: text({
      default: '',
      pattern: ENDPOINT,
      expects: 'empty, a host or host:port',
      doc: "Kinesis Video Streams, where it is reached by another address than the region's own (a VPC endpoint). Empty: the region's.",
    }),
    channelName: text({
      default: '',
      pattern: /^[A-Za-z0-9_.-]{0,256}$/,
      expects: 'at most 256 letters, digits, _, . or -',
      doc: 'KVS signaling channel. Empty: the name of the thing.',
    }),
    tokenIssuer: text({
      default: '',
      pattern: /^(https:\/\/[^\s]+|http:\/\/(localhost|127\.0\.0\.1|\[::1\])([:/][^\s]*)?)?$/,
      expects: 'empty or an https URL (http on this machine alone)',
      doc: "Identity provider whose tokens are taken over KVS, as in a token's `iss`. Empty: the robot's own tokens only.",
    }),
    tokenAudience: text({
      default: '',
      expects: 'text in one line',
      doc: "What a token's `aud` (or Cognito's `client_id`) has to be.",
    }),
    operatorScope: text({
      default: 'roverd/operate',
      pattern: SCOPE,
      expects: 'a scope as in OAuth 2.0',
      doc: 'Scope of a token that lets drive.',
    }),
    viewerScope: text({
      default: 'roverd/view',
      pattern: SCOPE,
      expects: 'a scope as in OAuth 2.0',
      doc: 'Scope of a token that lets watch and stop.',
    }),
  },
  telemetry: {
    everyMs: whole({
      default: 1000,
      min: 100,
      max: 60_000,
      unit: 'ms',
      doc: 'How often battery, temperature, memory, load and Wi-Fi are read.',
    }),
  },
  battery: {
    enabled: oneOf(['auto', 'on', 'off'], {
      default: 'auto',
      doc: 'Measures the battery by an ADS1015 behind a voltage divider. auto: where one answers and first reads a voltage that such a battery has. off where something else is wired to it.',
    }),
    bus: whole({ default: 1, min: 0, max: 99, doc: 'I2C bus of the ADS1015: N of `/dev/i2c-N`.' }),
    address: whole({
      default: 0x48,
      min: 0x48,
      max: 0x4b,
      doc: 'Its I2C address, 72 being 0x48.',
    }),
    channel: whole({
      default: 0,
      min: 0,
      max: 3,
      doc: 'Its input AIN0 to AIN3. On the Explorer HAT analog one to four are AIN3, 2, 1, 0.',
    }),
    dividerRatio: number({
      default: 2,
      min: 1,
      max: 20,
      doc: "Volts of the battery for each volt at the input: (R1 + R2) / R2. The input bears the chip's supply at most, 5 V on the Explorer HAT.",
    }),
    cells: whole({ default: 2, min: 1, max: 14, doc: 'Cells in a row.' }),
    chemistry: oneOf(['lipo', 'liion', 'nimh', 'lead'], {
      default: 'lipo',
      doc: 'Kind of cells: it says how much charge a voltage stands for.',
    }),
  },
  touch: {
    enabled: oneOf(['auto', 'on', 'off'], {
      default: 'auto',
      doc: 'Reads the touch pads of an Explorer HAT (CAP1208). auto: where they answer. Pads that are bumpers are always read.',
    }),
    bus: whole({ default: 1, min: 0, max: 99, doc: 'I2C bus of the CAP1208.' }),
    pollMs: whole({
      default: 20,
      min: 5,
      max: 200,
      unit: 'ms',
      doc: 'How often bumpers are read. The chip itself feels a touch within 35 ms.',
    }),
  },
  bumper: {
    frontPads: list<number>({
      default: [],
      maxItems: 8,
      accepts: isPad,
      expects: 'touch pads in 1..8',
      item: Number,
      doc: 'Touch pads at the front. While one is touched the robot does not drive forward, and what drove forward stops.',
    }),
    rearPads: list<number>({
      default: [],
      maxItems: 8,
      accepts: isPad,
      expects: 'touch pads in 1..8',
      item: Number,
      doc: 'Touch pads at the rear, likewise for driving backwards.',
    }),
  },
  limits: {
    batteryLowRatio: charge(0.2, 'Below this the battery is low and the robot slower.'),
    batteryLowSpeedRatio: topSpeed('while the battery is low'),
    batteryEmptyRatio: charge(0.05, 'Below this the battery is empty and the robot stops until it is reset.'),
    wifiWeakRatio: number({
      default: 0.15,
      min: 0,
      max: 1,
      unit: 'of the best',
      doc: 'Quality of the Wi-Fi below which the robot is slower.',
    }),
    wifiWeakSpeedRatio: topSpeed('while the Wi-Fi is weak'),
    roundTripMs: whole({
      default: 400,
      min: 20,
      max: 60_000,
      unit: 'ms',
      doc: 'Round trip to the page of the operator above which the robot is slower.',
    }),
    roundTripSpeedRatio: topSpeed('while the round trip is too long'),
    lossRatio: number({
      default: 0.15,
      min: 0.01,
      max: 1,
      unit: 'of packets',
      doc: 'Loss on the way to the operator above which the robot is slower.',
    }),
    lossSpeedRatio: topSpeed('while too much is lost'),
    videoAgeMs: whole({
      default: 800,
      min: 50,
      max: 60_000,
      unit: 'ms',
      doc: 'Age of the picture that the operator sees above which the robot is slower.',
    }),
    videoAgeSpeedRatio: topSpeed('while the picture is too old'),
    bumperSilentSpeedRatio: topSpeed('while there are bumpers that can not be read'),
    underVoltageSpeedRatio: number({
      default: 0,
      min: 0,
      max: 1,
      unit: 'of full speed',
      doc: 'Up to which wheels may still speed up while the voltage of the Pi is too low: slowing down is always allowed. 0: a robot that stands does not start. 1 switches the rule off.',
    }),
    cpuHotCelsius: whole({
      default: 80,
      min: 40,
      max: 110,
      unit: 'degrees Celsius',
      doc: 'Above this the page says that the processor is hot. A Pi slows itself down between 80 and 85.',
    }),
    hysteresisRatio: number({
      default: 0.25,
      min: 0,
      max: 0.9,
      unit: 'of the bound',
      doc: 'By so much a value must be better than the bound it broke, to count as good again.',
    }),
    setAfterMs: whole({
      default: 2000,
      min: 0,
      max: 60_000,
      unit: 'ms',
      doc: 'How long a value must be bad before it counts. Voltage too low counts at once.',
    }),
    clearAfterMs: whole({
      default: 3000,
      min: 0,
      max: 60_000,
      unit: 'ms',
      doc: 'How long a value must be good again before that counts.',
    }),
  },
  log: {
    level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      default: 'info',
      doc: 'The least that is logged.',
    }),
    format: oneOf(['auto', 'json', 'pretty'], {
      default: 'auto',
      doc: 'auto: pretty on a terminal, else json (one object a line).',
    }),
  },
});

type Values<S> = {
  readonly [K in keyof S]: S[K] extends Key<infer T> ? T : Values<S[K]>;
};

/** The configuration after loading: every key there, in range, paths absolute. */
export type Config = Values<typeof schema>;

/** `drive.actionMs` and its like, in the order of the schema. */
export const keys: ReadonlyMap<string, Key<unknown>> = new Map(
  Object.entries(schema).flatMap(([section, properties]) =>
    Object.entries<Key<unknown>>(properties).map(([name, property]) => [`${section}.${name}`, property]),
  ),
);

type Sections = Readonly<Record<string, Readonly<Record<string, { env: string }>>>>;

/** `drive.actionMs` is set by ROVERD_DRIVE_ACTION_MS. */
function withVariables<S extends Sections>(sections: S): S {
  for (const [section, properties] of Object.entries(sections)) {
    for (const [name, property] of Object.entries(properties)) {
      property.env = `ROVERD_${section}_${name.replace(/[A-Z]/g, '_$&')}`.toUpperCase();
    }
  }
  return sections;
}

function charge(byDefault: number, doc: string): Key<number> {
  return number({ default: byDefault, min: 0, max: 1, unit: 'of full charge', doc });
}

function topSpeed(when: string): Key<number> {
  return number({ default: 0.5, min: 0.05, max: 1, unit: 'of full speed', doc: `Top speed ${when}.` });
}

function isPad(item: unknown): boolean {
  return typeof item === 'number' && Number.isInteger(item) && item >= 1 && item <= 8;
}

function isIceServer(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false;
  const { urls, username, credential, ...rest } = item as Record<string, unknown>;
  return (
    Object.keys(rest).length === 0 &&
    Array.isArray(urls) &&
    urls.length > 0 &&
    urls.every((url) => typeof url === 'string' && /^(stun|turns?):[^\s]+$/.test(url)) &&
    [username, credential].every((value) => value === undefined || typeof value === 'string')
  );
}

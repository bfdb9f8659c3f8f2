/** Debian's Janus with its streaming plug-in, on loopback, spoken to by its HTTP interface. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = '/usr/bin/janus';

export const janusMissing = () => (existsSync(PROGRAM) ? null : `no ${PROGRAM}`);

export interface Janus {
  readonly pid: number;
  /** Where it takes H.264 as RTP, payload type 96. */
  readonly rtpPort: number;
  /** Gives its offer; the page's answer goes to `start`. */
  watch(): Promise<{ readonly offer: string; start(answer: string): Promise<void> }>;
  close(): Promise<void>;
}

interface Reply {
  readonly janus: string;
  readonly data?: { readonly id: number };
  readonly jsep?: { readonly sdp: string };
}

export async function startJanus(): Promise<Janus> {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-janus-'));
  const [httpPort, rtpPort] = [await freeTcpPort(), await freeUdpPort()];
  const files = {
    'janus.jcfg':
      'general: { debug_level = 2 }\nplugins: { disable = "libjanus_audiobridge.so,libjanus_echotest.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_nosip.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so,libjanus_duktape.so,libjanus_lua.so" }\ntransports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }\n',
    'janus.transport.http.jcfg': `general: { json = "compact"\n base_path = "/janus"\n http = true\n port = ${httpPort}\n ip = "127.0.0.1"\n https = false }\nadmin: { admin_http = false }\n`,
    'janus.plugin.streaming.jcfg': `clip: { type = "rtp"\n id = 1\n audio = false\n video = true\n videoport = ${rtpPort}\n videoiface = "127.0.0.1"\n videopt = 96\n videocodec = "h264"\n videofmtp = "profile-level-id=42e01f;packetization-mode=1" }\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const child = spawn(PROGRAM, ['-F', folder, '-C', join(folder, 'janus.jcfg')], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${httpPort}/janus`;
  const close = () => end(child, folder);
  try {
    await answers(url, child);
    const session = await ask(url, { janus: 'create' });
    const sessionUrl = `${url}/${session.data?.id}`;
    return { pid: child.pid ?? 0, rtpPort, watch: () => watch(sessionUrl), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function watch(sessionUrl: string) {
  const handle = await ask(sessionUrl, { janus: 'attach', plugin: 'janus.plugin.streaming' });
  const handleUrl = `${sessionUrl}/${handle.data?.id}`;
  await ask(handleUrl, { janus: 'message', body: { request: 'watch', id: 1 } });
  for (;;) {
    const event = (await (await fetch(sessionUrl)).json()) as Reply;
    if (!event.jsep) continue;
    return {
      offer: event.jsep.sdp,
      start: async (sdp: string) => {
        await ask(handleUrl, { janus: 'message', body: { request: 'start' }, jsep: { type: 'answer', sdp } });
      },
    };
  }
}

async function ask(url: string, request: object): Promise<Reply> {
  const body = JSON.stringify({ ...request, transaction: Math.random().toString(36) });
  const reply = (await (await fetch(url, { method: 'POST', body })).json()) as Reply;
  if (reply.janus === 'error') throw new Error(`Janus refused: ${JSON.stringify(reply)}`);
  return reply;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`Janus ended with ${child.exitCode}`);
    const info = await fetch(`${url}/info`).catch(() => null);
    if (info?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Janus does not answer');
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

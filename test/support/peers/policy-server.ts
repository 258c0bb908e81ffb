/** Answers Postfix's policy questions (SMTPD_POLICY_README): a recipient on the list is put off, everybody else is nobody's business. */
import { createServer, type Socket } from 'node:net';

export type PolicyServer = {
  readonly port: number;
  /** Local parts of recipients to be put off. */
  readonly putOff: Set<string>;
  readonly close: () => Promise<void>;
};

export async function startPolicyServer(): Promise<PolicyServer> {
  const putOff = new Set<string>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let heard = '';
    socket.on('data', (octets: Buffer) => {
      heard += octets.toString('utf8');
      for (let end = heard.indexOf('\n\n'); end >= 0; end = heard.indexOf('\n\n')) {
        const local = /^recipient=(.*)@/m.exec(heard.slice(0, end))?.[1] ?? '';
        heard = heard.slice(end + 2);
        socket.write(`action=${putOff.has(local) ? '450 4.7.1 Greylisted, come again' : 'DUNNO'}\n\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('a server has a port');
  return {
    port: bound.port,
    putOff,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

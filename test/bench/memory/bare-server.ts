/** What a server of connections costs without any mail in it: accepts, greets, answers 250 to whatever comes. `node bare-server.ts` */
import { createServer } from 'node:net';

const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
  socket.on('error', () => {});
  socket.on('data', () => socket.write('250 fine\r\n'));
  socket.write('220 ready\r\n');
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1_024 }, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`);
});

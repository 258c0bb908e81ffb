/** From the greeting to a connection that takes mail: EHLO, STARTTLS, login. One part of the machine drawn in `client.ts`. */
import { utf8 } from '../../base/bytes.ts';
import { Bug } from '../../base/outcome.ts';
import type { TlsFacts } from '../../base/port/net.ts';
import { noCapabilities, readCapabilities } from './client-capabilities.ts';
import { command } from './client-command.ts';
import type { Ending, Lacking, Trouble } from './client-ending.ts';
import type { ClientEffect, ClientState, Login, LoginExchange, Session, Step } from './client-state.ts';
import type { HeardReply } from './read-reply.ts';

export function openingReply(session: Session, reply: HeardReply): Step {
  const { state } = session;
  switch (state.at) {
    case 'greeting':
      return reply.code === 220 ? greet(session) : answered(session, reply, 'greeting'); // RFC 5321 §4.3.1
    case 'ehlo':
      return onEhlo(session, reply);
    case 'helo':
      if (!isPositive(reply)) return answered(session, reply, 'ehlo');
      return choose({ ...session, capabilities: noCapabilities });
    case 'starttls':
      return onStartTls(session, reply);
    case 'login':
      return onLogin(session, reply, state.exchange);
    default:
      throw new Bug(`no opening reply is awaited while ${state.at}`);
  }
}

export function openingTrouble(session: Session, trouble: Trouble): Step {
  const { at } = session.state;
  const stage =
    at === 'login' ? 'auth' : at === 'helo' ? 'ehlo' : (at as 'greeting' | 'ehlo' | 'starttls' | 'handshake');
  return fail(session, { kind: 'trouble', trouble, stage });
}

/** RFC 3207 §4.2: what was offered before the handshake is forgotten, and EHLO is said again. */
export function secured(session: Session, tls: TlsFacts): Step {
  return greet({ ...session, tls, capabilities: noCapabilities });
}

function greet(session: Session): Step {
  return say(session, { at: 'ehlo' }, command.ehlo(session.options.ehloName));
}

function onEhlo(session: Session, reply: HeardReply): Step {
  if (isPositive(reply)) return choose({ ...session, capabilities: readCapabilities(reply.lines) });
  // RFC 5321 §3.2: EHLO is not known here, HELO may be. Of no use where TLS or a login is needed.
  const heloMayDo = session.options.login === undefined && (session.tls || session.options.startTls !== 'always');
  if (reply.code >= 500 && heloMayDo) return say(session, { at: 'helo' }, command.helo(session.options.ehloName));
  return answered(session, reply, 'ehlo');
}

/** What comes after the answer to EHLO or HELO: STARTTLS, then the login, then mail. */
function choose(session: Session): Step {
  const { options, capabilities } = session;
  if (session.tls) return afterTls(session);
  if (options.startTls === 'never') return afterTls({ ...session, plainBecause: 'a TLS handshake had failed' });
  if (capabilities.startTls) return say(session, { at: 'starttls' }, command.startTls());
  if (options.startTls === 'always') return lacking(session, 'starttls');
  return afterTls({ ...session, plainBecause: 'STARTTLS was not offered' });
}

function onStartTls(session: Session, reply: HeardReply): Step {
  if (reply.code === 220) return { next: { ...session, state: { at: 'handshake' } }, effects: [{ do: 'handshake' }] };
  const isRefusal = reply.code >= 400 && reply.code !== 421;
  if (!isRefusal || session.options.startTls === 'always') return answered(session, reply, 'starttls');
  // RFC 3207 §4: without TLS the client decides whether to go on; no policy forbids it here.
  return afterTls({ ...session, plainBecause: `STARTTLS was refused with ${reply.code}` });
}

function afterTls(session: Session): Step {
  const { login } = session.options;
  if (!login) return { next: { ...session, state: { at: 'ready' } }, effects: [{ do: 'opened' }] };
  if (!session.tls?.authorized) return lacking(session, 'safe-login');
  const { auth } = session.capabilities;
  if (auth.includes('PLAIN')) return tell(session, 'plain', command.authPlain(plainResponse(login)));
  if (auth.includes('LOGIN')) return tell(session, 'login', command.authLogin());
  return lacking(session, 'login');
}

function onLogin(session: Session, reply: HeardReply, exchange: LoginExchange): Step {
  const { login } = session.options;
  if (isPositive(reply)) return { next: { ...session, state: { at: 'ready' } }, effects: [{ do: 'opened' }] };
  if (reply.code !== 334 || !login) return answered(session, reply, 'auth');
  if (exchange === 'login') return tell(session, 'user', command.authResponse(base64(login.user)));
  if (exchange === 'user') return tell(session, 'password', command.authResponse(base64(login.password)));
  return answered(session, reply, 'auth'); // it asks for more than the mechanism has
}

/** RFC 4616 §2 */
function plainResponse(login: Login): string {
  return base64(`\0${login.user}\0${login.password}`);
}

function base64(text: string): string {
  return Buffer.from(utf8(text)).toString('base64');
}

function tell(session: Session, exchange: LoginExchange, line: string): Step {
  return {
    next: { ...session, state: { at: 'login', exchange } },
    effects: [{ do: 'say', lines: [line], secret: true }],
  };
}

function say(session: Session, state: ClientState, line: string): Step {
  return { next: { ...session, state }, effects: [{ do: 'say', lines: [line], secret: false }] };
}

function isPositive(reply: HeardReply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

function answered(session: Session, reply: HeardReply, stage: 'greeting' | 'ehlo' | 'starttls' | 'auth'): Step {
  return fail(session, { kind: 'answered', reply, stage });
}

function lacking(session: Session, what: Lacking): Step {
  return fail(session, { kind: 'lacking', what });
}

function fail(session: Session, ending: Ending): Step {
  const effects: ClientEffect[] = [{ do: 'not-opened', ending }];
  // RFC 5321 §4.1.1.10 asks for QUIT; where the other side said 421 or nothing sensible, it would only be talking to a wall.
  if (ending.kind !== 'trouble' && !(ending.kind === 'answered' && ending.reply.code === 421))
    return {
      next: { ...session, state: { at: 'quitting' } },
      effects: [...effects, { do: 'say', lines: [command.quit()], secret: false }],
    };
  return { next: { ...session, state: { at: 'closed' } }, effects: [...effects, { do: 'close' }] };
}

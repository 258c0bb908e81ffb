/** AUTH (RFC 4954): the dialogue of a login. Whether the credentials are good is asked of policy. */
import { invariant, unreachable } from '../../base/outcome.ts';
import {
  answerSasl,
  decodeBase64,
  encodeBase64,
  type SaslExchange,
  type SaslStep,
  saslMechanismNamed,
  startSasl,
} from '../sasl/sasl-server.ts';
import type { Reply } from './reply.ts';
import { serverReplies as say } from './server-replies.ts';
import type { ServerSession, ServerStep } from './server-session.ts';

/** @param argument of AUTH: mechanism [initial response] */
export function beginLogin(session: ServerSession, argument: string): ServerStep {
  const refusal = loginRefusal(session);
  if (refusal) return refuse(session, refusal);
  const [name = '', initial, ...more] = argument.split(' ');
  if (name === '' || more.length > 0) return refuse(session, say.authSyntax);
  const mechanism = saslMechanismNamed(name);
  if (!mechanism) return refuse(session, say.unknownMechanism);
  if (initial === undefined) return follow(session, startSasl(mechanism, undefined));
  const response = decodeBase64(initial === '=' ? '' : initial); // RFC 4954 §4: `=` is an initial response of no octets
  return response ? follow(session, startSasl(mechanism, response)) : refuse(session, say.badBase64);
}

/** A line of the exchange. */
export function continueLogin(session: ServerSession, exchange: SaslExchange, line: string): ServerStep {
  const ready: ServerSession = { ...session, phase: { at: 'command' } };
  if (line === '*') return refuse(ready, say.cancelled); // RFC 4954 §4
  const response = decodeBase64(line);
  return response ? follow(ready, answerSasl(exchange, response)) : refuse(ready, say.badBase64);
}

export function loginVerdict(session: ServerSession, verdict: 'yes' | 'no' | 'later'): ServerStep {
  const ready: ServerSession = { ...session, phase: { at: 'command' } };
  switch (verdict) {
    case 'yes':
      return tell({ ...ready, loggedIn: true }, say.loggedIn);
    case 'later':
      return tell(ready, say.loginLater);
    case 'no': // RFC 4954 §6: the same text for whatever was wrong
      return tell({ ...ready, failedLogins: ready.failedLogins + 1 }, say.loginFailed);
    default:
      return unreachable(verdict);
  }
}

function loginRefusal(session: ServerSession): Reply | undefined {
  if (session.options.login === 'none') return say.notImplemented;
  if (!session.extended) return say.helloFirst;
  if (!session.tls) return say.loginNeedsTls; // RFC 4954 §4, §6
  if (session.loggedIn) return say.alreadyLoggedIn; // RFC 4954 §4: once per session
  return session.transaction ? say.notNow : undefined; // RFC 4954 §4
}

function follow(session: ServerSession, sasl: SaslStep): ServerStep {
  switch (sasl.kind) {
    case 'malformed':
      return refuse(session, say.badCredentials);
    case 'credentials':
      return {
        next: { ...session, phase: { at: 'asking', about: 'login' } },
        effects: [{ kind: 'ask-login', credentials: sasl.credentials }],
      };
    case 'challenge':
      return tell(
        { ...session, phase: { at: 'login', exchange: sasl.next } },
        { code: 334, text: encodeBase64(sasl.octets) },
      );
    default:
      return unreachable(sasl);
  }
}

function refuse(session: ServerSession, reply: Reply): ServerStep {
  invariant(session.phase.at === 'command', 'a refused login leaves the session where it was');
  return tell({ ...session, errors: session.errors + 1 }, reply);
}

function tell(session: ServerSession, reply: Reply): ServerStep {
  return { next: session, effects: [{ kind: 'reply', reply }] };
}

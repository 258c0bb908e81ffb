/**
 * Who may ask the office for something: API keys and submission logins. Secrets that we made are stored as their SHA-256,
 * passwords that people chose as argon2id (MAIL_RULES 29).
 */
import { equalConstantTime, hasControlCharacter, utf8 } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import type { Random } from '../../base/random.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { AccountStore, type StoredPassword } from './account-store.ts';
import { hasScope } from './may-use-from.ts';
import { type PasswordHasher, preparePassword } from './passwords.ts';
import { createToken, tokenHash, tokenKindOf } from './tokens.ts';
import {
  type ApiKeyId,
  type ApiKeyRecord,
  type KeyPrincipal,
  type LoginPrincipal,
  no,
  type Principal,
  type Scope,
  type UserRecord,
} from './types.ts';

/** "Last used" is for people who wonder whether a key may go: an hour is fine enough, and spares a write per request. */
export const lastUsedGrainMs = 60 * 60 * 1000;

const loginLengthMax = 254; // an address as login name: RFC 5321 §4.5.3.1.3

export type AccountsPorts = {
  readonly db: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly hasher: PasswordHasher;
};

export type NewApiKey = {
  readonly name: string;
  readonly mode: 'live' | 'test';
  readonly scopes: readonly Scope[];
  readonly domains?: readonly DomainName[];
};

export class Accounts {
  readonly #ports: AccountsPorts;
  readonly #store: AccountStore;
  /** When each account's use was written last, as far as this process knows. */
  readonly #touched = new Map<string, number>();

  constructor(ports: AccountsPorts) {
    this.#ports = ports;
    this.#store = new AccountStore(ports.db);
  }

  // API keys

  /** The token is shown this once; only its SHA-256 stays. */
  async createKey(wanted: NewApiKey): Promise<Outcome<{ key: ApiKeyRecord; token: string }, 'scope-missing'>> {
    if (wanted.scopes.length === 0) return no('scope-missing');
    const token = createToken(wanted.mode === 'live' ? 'ph_live_' : 'ph_test_', this.#ports.random);
    const key: ApiKeyRecord = {
      id: this.#ports.ids.next('key'),
      name: wanted.name,
      mode: wanted.mode,
      scopes: [...new Set(wanted.scopes)],
      ...(wanted.domains === undefined ? {} : { domains: wanted.domains }),
      createdAtMs: this.#ports.clock.nowMs(),
    };
    await this.#ports.db.write((tx) => this.#store.insertApiKey(tx, key, tokenHash(token)));
    return accept({ key, token });
  }

  keys(): Promise<ApiKeyRecord[]> {
    return this.#ports.db.read((reader) => this.#store.apiKeys(reader));
  }

  async revokeKey(id: ApiKeyId): Promise<Outcome<undefined, 'key-unknown'>> {
    const nowMs = this.#ports.clock.nowMs();
    const revoked = await this.#ports.db.write((tx) => this.#store.revokeApiKey(tx, id, nowMs));
    return revoked ? accept(undefined) : refuse('key-unknown', `There is no key ${id} that could be revoked.`);
  }

  async findKey(token: string): Promise<Outcome<KeyPrincipal, 'key-malformed' | 'key-unknown' | 'key-revoked'>> {
    const kind = tokenKindOf(token);
    if (kind !== 'ph_live_' && kind !== 'ph_test_')
      return refuse('key-malformed', 'This is not a key: its checksum is wrong. Was it copied completely?');
    const key = await this.#ports.db.read((reader) => this.#store.apiKeyByHash(reader, tokenHash(token)));
    if (key === undefined)
      return refuse('key-unknown', 'This key is not known here. Does it belong to another office?');
    if (key.revokedAtMs !== undefined)
      return refuse('key-revoked', `This key was revoked on ${new Date(key.revokedAtMs).toISOString()}.`);
    this.#touch(key.id, key.lastUsedAtMs, (tx, atMs) => this.#store.touchApiKey(tx, key.id, atMs));
    return accept({
      kind: 'key',
      account: key.id,
      name: key.name,
      scopes: key.scopes,
      ...(key.domains === undefined ? {} : { domains: key.domains }),
      test: key.mode === 'test',
    });
  }

  // Logins

  /** Without a password of one's own an app password is made and shown this once. */
  async createUser(
    login: string,
    wanted: { readonly domains: readonly DomainName[]; readonly password?: string },
  ): Promise<
    Outcome<{ user: UserRecord; appPassword?: string }, 'bad-login' | 'bad-password' | 'login-taken' | 'busy'>
  > {
    const name = prepareLogin(login);
    if (name === undefined) return no('bad-login');
    const user: UserRecord = {
      id: this.#ports.ids.next('usr'),
      login: name,
      domains: wanted.domains,
      createdAtMs: this.#ports.clock.nowMs(),
    };
    const secret = wanted.password === undefined ? this.#makeAppPassword() : await this.#hashChosen(wanted.password);
    if (!secret.ok) return secret;
    const { stored, shown } = secret.value;
    return this.#ports.db.write(async (tx) => {
      if ((await this.#store.user(tx, name)) !== undefined)
        return refuse('login-taken', `There is a login ${name} already.`);
      await this.#store.insertUser(tx, user);
      await this.#store.insertPassword(tx, user.id, stored);
      return accept({ user, ...(shown === undefined ? {} : { appPassword: shown }) });
    });
  }

  users(): Promise<UserRecord[]> {
    return this.#ports.db.read((reader) => this.#store.users(reader));
  }

  /** One more app password, for one more program. Shown this once. */
  async addAppPassword(login: string): Promise<Outcome<string, 'login-unknown'>> {
    const { stored, shown } = this.#makeAppPassword().value;
    return this.#ports.db.write(async (tx) => {
      const user = await this.#store.user(tx, prepareLogin(login) ?? '');
      if (user === undefined) return refuse('login-unknown', `There is no login ${login}.`);
      await this.#store.insertPassword(tx, user.id, stored);
      return accept(shown);
    });
  }

  /** Replaces the password a person chose; app passwords stay. */
  async choosePassword(
    login: string,
    password: string,
  ): Promise<Outcome<undefined, 'login-unknown' | 'bad-password' | 'busy'>> {
    const secret = await this.#hashChosen(password);
    if (!secret.ok) return secret;
    return this.#ports.db.write(async (tx) => {
      const user = await this.#store.user(tx, prepareLogin(login) ?? '');
      if (user === undefined) return refuse('login-unknown', `There is no login ${login}.`);
      await this.#store.deletePasswords(tx, user.id, 'chosen');
      await this.#store.insertPassword(tx, user.id, secret.value.stored);
      return accept(undefined);
    });
  }

  async removeUser(login: string): Promise<Outcome<undefined, 'login-unknown'>> {
    return this.#ports.db.write(async (tx) => {
      const user = await this.#store.user(tx, prepareLogin(login) ?? '');
      if (user === undefined) return refuse('login-unknown', `There is no login ${login}.`);
      await this.#store.deleteUser(tx, user.id);
      return accept(undefined);
    });
  }

  /**
   * The same answer after the same work whether the login or the password is wrong: how long it takes depends only on what
   * the password looks like. Made by us (checksum included): a hash is compared. Anything else: one argon2id, against the
   * login's own or for nothing. An API key with the scope `send` is a password for every login name.
   */
  async authenticate(login: string, password: string): Promise<Outcome<Principal, 'bad-credentials' | 'busy'>> {
    const kind = tokenKindOf(password);
    if (kind === 'ph_live_' || kind === 'ph_test_') return this.#authenticateByKey(password);
    const name = prepareLogin(login) ?? '';
    const facts = await this.#ports.db.read(async (reader) => {
      const user = await this.#store.user(reader, name);
      const passwords = user === undefined ? [] : await this.#store.passwordsOf(reader, user.id);
      return { user, passwords, anyChosen: await this.#store.hasChosenPasswords(reader) };
    });
    const fits =
      kind === 'ph_app_'
        ? matchAppPassword(password, facts.passwords)
        : facts.anyChosen && (await this.#matchChosen(password, facts.passwords));
    if (fits === undefined) return no('busy');
    if (fits === false || facts.user === undefined) return no('bad-credentials');
    this.#touch(fits.id, fits.lastUsedAtMs, (tx, atMs) => this.#store.touchPassword(tx, fits.id, atMs));
    const principal: LoginPrincipal = { kind: 'login', account: name, domains: facts.user.domains };
    return accept(principal);
  }

  async #authenticateByKey(token: string): Promise<Outcome<Principal, 'bad-credentials'>> {
    const found = await this.findKey(token);
    if (found.ok && hasScope(found.value, 'send')) return found;
    return no('bad-credentials');
  }

  async #matchChosen(text: string, passwords: readonly StoredPassword[]): Promise<StoredPassword | false | undefined> {
    const chosen = passwords.find((password) => password.kind === 'chosen');
    const prepared = preparePassword(text);
    const verified = await this.#ports.hasher.verify(prepared ?? '', chosen?.hash);
    if (verified === undefined) return undefined;
    return verified && prepared !== undefined && chosen !== undefined ? chosen : false;
  }

  #makeAppPassword(): { ok: true; value: { stored: StoredPassword; shown: string } } {
    const shown = createToken('ph_app_', this.#ports.random);
    return { ok: true, value: { stored: this.#stored('app', tokenHash(shown)), shown } };
  }

  async #hashChosen(
    text: string,
  ): Promise<Outcome<{ stored: StoredPassword; shown?: undefined }, 'bad-password' | 'busy'>> {
    const prepared = preparePassword(text);
    if (prepared === undefined) return no('bad-password');
    const hash = await this.#ports.hasher.hash(prepared);
    if (hash === undefined) return no('busy');
    return accept({ stored: this.#stored('chosen', hash) });
  }

  #stored(kind: StoredPassword['kind'], hash: string): StoredPassword {
    return { id: this.#ports.ids.next('pwd'), kind, hash, createdAtMs: this.#ports.clock.nowMs() };
  }

  /** Nobody waits for it, and nobody is refused because it failed: it is an aid for people only. */
  #touch(id: string, lastUsedAtMs: number | undefined, write: (tx: Tx, atMs: number) => Promise<void>): void {
    const nowMs = this.#ports.clock.nowMs();
    const knownMs = this.#touched.get(id) ?? lastUsedAtMs ?? Number.NEGATIVE_INFINITY;
    if (nowMs - knownMs < lastUsedGrainMs) return;
    this.#touched.set(id, nowMs);
    this.#ports.db.write((tx) => write(tx, nowMs)).catch(() => this.#touched.delete(id));
  }
}

/** One composition, no difference of case: people type their address in many ways. Undefined: no login can be called so. */
function prepareLogin(text: string): string | undefined {
  const login = text.normalize('NFC').toLowerCase();
  if (login === '' || login.length > loginLengthMax) return undefined;
  return !login.isWellFormed() || hasControlCharacter(login) || /\s/.test(login) ? undefined : login;
}

function matchAppPassword(text: string, passwords: readonly StoredPassword[]): StoredPassword | false {
  const wanted = utf8(tokenHash(text));
  return passwords.find(({ kind, hash }) => kind === 'app' && equalConstantTime(utf8(hash), wanted)) ?? false;
}

/** What a browser app is registered with, and a little more. */
export interface Options {
  /** The provider, exactly as in its metadata. */
  issuer: string;
  /** A public client (`token_endpoint_auth_method` none) whose grant types include refresh_token. */
  clientId: string;
  /** Where sign-ins come back to; registered, and its origin may call the provider. */
  redirectUri: string;
  /** Default "openid profile email". */
  scope?: string;
  /** Where sign-outs come back to; without it the person stays at the provider. */
  postLogoutRedirectUri?: string;
  /** Whether to hear of the session's end as it happens, over `session_events_endpoint`. Default true. */
  live?: boolean;
}

/** Who acts for the user (RFC 8693 4.1). */
export interface Actor {
  sub: string;
  [claim: string]: unknown;
}

/** The claims of the ID token. Names and addresses are among them where the client asks for them; see userinfo(). */
export interface Claims {
  iss: string;
  sub: string;
  aud: string | string[];
  iat: number;
  exp: number;
  sid?: string;
  act?: Actor;
  [claim: string]: unknown;
}

/**
 * - `live`: there is a session and a token that is alive
 * - `stale`: there is a session, but the token is dead: no network, a hidden page, a provider that does not answer
 * - `signed_out`: there is no session
 */
export type State = "live" | "stale" | "signed_out";

/**
 * - `signed_out`: the person signed out, here in another tab or in another app
 * - `revoked`: somebody ended it: the person on another device, an administrator, a changed password
 * - `replaced`: too many sessions; a newer one took its place
 * - `expired`: it was as old as it may become, or it cannot be renewed
 * - `idle`: it was not used for too long
 * - `switched`: another tab signed in as somebody else; the new user follows by onChange
 * - `ended`: found out too late to know why
 */
export type EndReason = "signed_out" | "revoked" | "replaced" | "expired" | "idle" | "switched" | "ended";

/** What the provider's feed says, where it was heard. */
export interface EndDetail {
  status?: string;
  /** Finer than EndReason and open-ended: `password_changed`, `user_disabled` ... */
  reason?: string;
  /** In milliseconds since 1970, by the provider's clock. */
  endedAt?: number;
  /** Why an ID token was refused that came with a refresh. */
  error?: string;
}

export interface Redirected {
  user: Claims | null;
  /** This page was opened by the answer to a sign-in. */
  signedIn: boolean;
  /** This page was opened by the answer to a sign-out. */
  signedOut: boolean;
  /** What signIn was given. */
  appState: unknown;
}

/** Whatever is rejected with. The codes stand in errors.js and README.md. */
export class CurfewError extends Error {
  readonly code: string;
  /** In milliseconds; 0 where the provider did not say. */
  readonly retryAfter: number;
}

/** The words of the banner, in English if they are not given. */
export interface BannerWords {
  /** What the landmark is called. Default "Acting for somebody else". */
  label: string;
  /** Before the user's name. Default "You see this as". */
  user: string;
  /** Before the actor's name. Default "Acting:". */
  actor: string;
  /** Default "Stop". */
  stop: string;
}

export class Curfew {
  /** @throws CurfewError `unsupported` outside of a secure context. */
  constructor(options: Options);

  /** Who is signed in; null for nobody, and until handleRedirect. */
  readonly user: Claims | null;
  /** Who acts for the user when the session is an impersonation. Show it. */
  readonly actor: Actor | null;
  readonly state: State;
  /** Why the last refresh failed, while it is being tried again. */
  readonly trouble: CurfewError | null;
  /** The whole life of the current token in milliseconds, 0 without one. */
  readonly life: number;
  /** By how many milliseconds the provider's clock is ahead of this machine's, to about a second. */
  readonly skew: number;
  /** What is left of the life, in milliseconds. */
  left(): number;

  /**
   * Shows who acts as whom first in `element` (default: the body) while the session is an impersonation, with the way to stop,
   * and nothing otherwise. `user` may name the user better than the ID token does. Returns what takes it away.
   */
  mountBanner(element?: Element, options?: { words?: Partial<BannerWords>; user?: () => string }): () => void;

  /** Leaves the page for the provider. `params` are added to the request: prompt, login_hint, max_age, ui_locales ... */
  signIn(options?: { params?: Record<string, string>; appState?: unknown }): Promise<void>;
  /**
   * Call it once when the page loads. It finishes a sign-in or sign-out that the page was opened by and takes it out of the
   * address; otherwise it takes up the session that the browser has.
   * @throws CurfewError when an answer is refused, or the provider's error such as `access_denied`
   */
  handleRedirect(): Promise<Redirected>;
  /** Forgets the session in all tabs and leaves the page for the provider, to end it there. onSessionEnd is for the other tabs. */
  signOut(options?: { params?: Record<string, string> }): Promise<void>;

  /** A token that is alive. @throws CurfewError `signed_out` or `stale` */
  accessToken(): Promise<string>;
  /** Gets a token that is made after the call, when something about the user has changed. */
  refresh(): Promise<void>;
  /** What the provider says about the user now (OpenID Connect Core 5.3). */
  userinfo(): Promise<Claims>;

  /** Told after every change of user, state, token or trouble. Returns what stops it. */
  onChange(fn: (curfew: Curfew) => void): () => void;
  /** Told once when the session ends, whoever ended it. Returns what stops it. */
  onSessionEnd(fn: (reason: EndReason, detail?: EndDetail) => void): () => void;
}

/**
 * The HTTP/2 connections of a client.
 *
 * The transport has a manager of its own for one connection; this one goes round
 * several, opens one anew as soon as it is going away, gives streams a window
 * that is worth its name, and survives a ping on a connection that just ended.
 *
 * @module
 */

import * as http2 from "node:http2";

/** How to trust the server. */
export interface TlsOptions {
  /** Certificates of authorities in PEM, instead of the system's. */
  readonly ca?: string | Uint8Array | undefined;
}

const PING_INTERVAL_MS = 30_000;
const PING_TIMEOUT_MS = 10_000;
/** A connection may be dropped on its way without a word when it is silent. */
const IDLE_MS_MAX = 240_000;
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;

/** The connections of one client, which calls use in turn. */
export class Sessions {
  /** Where they lead; the transport checks it. */
  readonly authority: string;

  readonly #channels: [Channel, ...Channel[]];
  #next = 0;

  constructor(url: URL, channels: number, tls: TlsOptions = {}) {
    this.authority = url.origin;
    const ca = tls.ca === undefined ? {} : { ca: Buffer.from(tls.ca) };
    const more = Array.from({ length: channels - 1 }, () => new Channel(url.origin, ca));
    this.#channels = [new Channel(url.origin, ca), ...more];
  }

  /** Begins a request on the next connection, which is opened when there is none. */
  request(
    method: string,
    path: string,
    headers: http2.OutgoingHttpHeaders,
    options: http2.ClientSessionRequestOptions,
  ): Promise<http2.ClientHttp2Stream> {
    const channel = this.#channels[this.#next++ % this.#channels.length] ?? this.#channels[0];
    return channel.request({ ...headers, ":method": method, ":path": path }, options);
  }

  /** Part of the transport's interface; pings here do not wait for silence. */
  notifyResponseByteRead(): void {
    return;
  }

  close(): void {
    for (const channel of this.#channels) {
      channel.close();
    }
  }
}

class Channel {
  readonly #authority: string;
  readonly #options: http2.SecureClientSessionOptions;
  #session: Promise<Session> | undefined;
  #closed = false;

  constructor(authority: string, options: http2.SecureClientSessionOptions) {
    this.#authority = authority;
    this.#options = options;
  }

  async request(
    headers: http2.OutgoingHttpHeaders,
    options: http2.ClientSessionRequestOptions,
  ): Promise<http2.ClientHttp2Stream> {
    const opened = this.#open();
    let session = await opened;
    if (!session.usable) {
      // Others may have found the same, and opened the next one.
      if (this.#session === opened) {
        this.#session = undefined;
      }
      session = await this.#open();
    }
    return session.request(headers, options);
  }

  close(): void {
    this.#closed = true;
    this.#session?.then(
      (session) => {
        session.end();
      },
      () => undefined,
    );
  }

  #open(): Promise<Session> {
    if (this.#session === undefined) {
      const opening = connect(this.#authority, this.#options).then((session) => {
        if (this.#closed) {
          session.end();
        }
        return session;
      });
      this.#session = opening;
      // A failure is told to those who wait; the next call tries anew.
      opening.catch(() => {
        if (this.#session === opening) {
          this.#session = undefined;
        }
      });
    }
    return this.#session;
  }
}

function connect(authority: string, options: http2.SecureClientSessionOptions): Promise<Session> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(authority, {
      ...options,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
    });
    session.once("error", reject);
    session.once("close", () => {
      reject(new Error("the connection was closed while it was made"));
    });
    session.once("connect", () => {
      session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
      resolve(new Session(session));
    });
  });
}

/** One connection that stands. */
class Session {
  readonly #http2: http2.ClientHttp2Session;
  #streams = 0;
  #leaving = false;
  #usedAt = performance.now();
  #pings: ReturnType<typeof setInterval> | undefined;

  constructor(session: http2.ClientHttp2Session) {
    this.#http2 = session;
    // An idle client does not keep the process alive.
    session.unref();
    // Streams have their own errors; without a listener this would be thrown.
    session.on("error", () => undefined);
    session.on("goaway", () => {
      this.#leaving = true;
      this.#endIfIdle();
    });
    session.on("close", () => {
      clearInterval(this.#pings);
    });
  }

  /** Whether a request may begin on it. */
  get usable(): boolean {
    const idle = this.#streams === 0 && performance.now() - this.#usedAt > IDLE_MS_MAX;
    if (idle) {
      this.end();
    }
    return !idle && !this.#leaving && !this.#http2.closed && !this.#http2.destroyed;
  }

  request(
    headers: http2.OutgoingHttpHeaders,
    options: http2.ClientSessionRequestOptions,
  ): http2.ClientHttp2Stream {
    const stream = this.#http2.request(headers, options);
    if (this.#streams++ === 0) {
      this.#http2.ref();
      this.#pings = setInterval(() => {
        this.#ping();
      }, PING_INTERVAL_MS).unref();
    }
    stream.once("close", () => {
      this.#usedAt = performance.now();
      if (--this.#streams === 0) {
        clearInterval(this.#pings);
        this.#http2.unref();
        this.#endIfIdle();
      }
    });
    return stream;
  }

  end(): void {
    this.#leaving = true;
    this.#http2.destroy();
  }

  #endIfIdle(): void {
    if (this.#leaving && this.#streams === 0) {
      this.end();
    }
  }

  #ping(): void {
    if (this.#http2.destroyed) {
      return;
    }
    const timeout = setTimeout(() => {
      this.end();
    }, PING_TIMEOUT_MS).unref();
    // It calls back with an error when the connection ends first.
    this.#http2.ping(() => {
      clearTimeout(timeout);
    });
  }
}

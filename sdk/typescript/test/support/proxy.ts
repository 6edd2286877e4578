/**
 * A network between client and server that a test can break.
 *
 * @module
 */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Forwards bytes to an address, until it is told otherwise. */
export class Proxy {
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();
  #holding = false;

  static async start(address: string): Promise<Proxy> {
    const proxy = new Proxy();
    const { hostname, port } = new URL(`http://${address}`);
    proxy.#server.on("connection", (near) => {
      const far = connect(Number(port), hostname);
      near.on("data", (data) => far.write(data));
      far.on("data", (data) => {
        // What the server says while it is held is lost.
        if (!proxy.#holding) {
          near.write(data);
        }
      });
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        proxy.#sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          proxy.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Loses what the server answers from now on. */
  hold(): void {
    this.#holding = true;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

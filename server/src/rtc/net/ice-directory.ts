import type { DatagramSocket } from "./datagram-socket.ts";
import type { IceCredentials } from "./ice-credentials.ts";
import type { IceSession } from "./ice-session.ts";

/** A remote address, or a TCP connection, that passed an authenticated check. */
export interface RemotePath {
  readonly session: IceSession;
  readonly socket: DatagramSocket;
  readonly address: string;
  readonly port: number;
  /** Which of the session's credentials proved it last. */
  generation: number;
  lastCheckUs: number;
  /** After an ICE restart: until when datagrams on their way over this old path are still taken. */
  retiresUs: number;
}

/** What a local user name fragment stands for. */
export interface UfragEntry {
  readonly session: IceSession;
  readonly credentials: IceCredentials;
  readonly generation: number;
}

/** Where a session is entered so that datagrams find it. */
export interface IceDirectory {
  addUfrag(ufrag: string, entry: UfragEntry): boolean;
  removeUfrag(ufrag: string): void;
  /** The path entered for that address, of any session. */
  path(socket: DatagramSocket, address: string, port: number): RemotePath | undefined;
  addPath(path: RemotePath): void;
  removePath(path: RemotePath): void;
  removeSession(session: IceSession): void;
}

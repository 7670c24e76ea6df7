// A stand-in for the server, for tests of the client and for looking at pages: one process, nothing kept.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { answerOfRoom } from './rooms.mjs';

const NUL = '\0';

export function parseFrame(text) {
  const [head, ...rest] = text.split('\n\n');
  const [command, ...lines] = head.replace(/^\n+/, '').split('\n');
  const headers = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    const name = decodeHeader(line.slice(0, at));
    if (!(name in headers)) headers[name] = decodeHeader(line.slice(at + 1));
  }
  return { command, headers, body: rest.join('\n\n').replace(/\0[\n]*$/, '') };
}

function decodeHeader(text) {
  return text.replace(/\\([rnc\\])/g, (_, c) => ({ r: '\r', n: '\n', c: ':', '\\': '\\' })[c]);
}

function encodeHeader(text) {
  return String(text).replace(/[\r\n:\\]/g, c => ({ '\r': '\\r', '\n': '\\n', ':': '\\c', '\\': '\\\\' })[c]);
}

export function frame(command, headers, body = '') {
  const lines = Object.entries(headers).map(
    ([name, value]) => `${encodeHeader(name)}:${encodeHeader(value)}\n`,
  );
  return `${command}\n${lines.join('')}\n${body}${NUL}`;
}

const PEOPLE = [
  { memberId: 31, userCode: 'CUS001', name: '홍길동', roles: ['MEMBER'], username: 'hong', password: 'hong' },
  {
    memberId: 51,
    userCode: 'AGT001',
    name: '김상담',
    roles: ['AGENT'],
    username: 'agent1',
    password: 'agent1',
  },
];

const CATEGORIES = ['배송', '주문·결제', '교환·반품', '기타'].map((name, i) => ({
  categoryId: i + 1,
  code: `C${i + 1}`,
  name,
}));

export class FakeServer {
  users = structuredClone(PEOPLE);
  rooms = new Map();
  tokens = new Map();
  refreshes = new Map();
  connections = new Set();
  /** Every SEND that arrived, in order: {destination, body, headers}. */
  sends = [];
  connects = [];
  requests = [];
  /** Set to change what happens: (send) => 'store' | 'swallow' | 'drop' | {code, error}. */
  onSend = () => 'store';
  refreshCount = 0;
  desk = {
    open: true,
    opensAt: null,
    closesAt: null,
    timeZone: 'Asia/Seoul',
    hours: [],
    waiting: 0,
    expectedWaitSeconds: null,
    agentsAvailable: 1,
    mail: false,
  };
  expiresIn = 3600;
  #nextId = 100;
  #nextMessage = 9000;

  async listen(port = 0) {
    this.http = createServer((request, response) => this.#rest(request, response));
    this.ws = new WebSocketServer({ server: this.http, handleProtocols: offered => [...offered][0] });
    this.ws.on('connection', socket => this.#accept(socket));
    await new Promise(resolve => this.http.listen(port, '127.0.0.1', resolve));
    this.port = this.http.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  async stop() {
    for (const { socket } of this.connections) socket.terminate();
    this.http.closeAllConnections();
    await new Promise(resolve => this.http.close(resolve));
    this.ws.close();
  }

  /** Ends every connection: with a close code, or as a cable that is pulled. */
  dropAll(code) {
    for (const { socket } of this.connections) code ? socket.close(code) : socket.terminate();
  }

  issue(user) {
    const id = ++this.#nextId;
    this.tokens.set(`access-${id}`, user);
    this.refreshes.set(`refresh-${id}`, user);
    return {
      accessToken: `access-${id}`,
      tokenType: 'Bearer',
      expiresIn: this.expiresIn,
      refreshToken: `refresh-${id}`,
      user: this.#public(user),
    };
  }

  #public({ memberId, userCode, name, roles }) {
    return { memberId, userCode, name, roles };
  }

  room(id) {
    return this.rooms.get(Number(id));
  }

  open(customer, categoryId = 1, title = null) {
    const now = new Date().toISOString();
    const sessionId = ++this.#nextId;
    const room = {
      messages: [],
      reads: new Map(),
      session: {
        sessionId,
        status: 'WAITING',
        categoryId,
        categoryName: CATEGORIES.find(category => category.categoryId === categoryId)?.name ?? '기타',
        title,
        continues: null,
        email: null,
        rating: null,
        memberId: customer.memberId,
        memberName: customer.name,
        adminId: null,
        adminName: null,
        queuePosition: 2,
        startTime: now,
        endTime: null,
        memberLastSeen: null,
        adminLastSeen: null,
        disconnectReason: null,
        exitReason: null,
        endedBy: null,
        graceUntil: null,
        unreadCount: 0,
        lastMessage: null,
        cdate: now,
        udate: now,
      },
    };
    this.rooms.set(sessionId, room);
    return room.session;
  }

  move(id, to, by, change = {}) {
    const { session } = this.room(id);
    const from = session.status;
    Object.assign(session, { status: to, queuePosition: to === 'WAITING' ? 1 : null, ...change });
    this.publish(`/topic/chat/${id}`, { type: 'STATE', sessionId: id, from, to, by, session });
    this.publish('/topic/chat/sessions', { type: 'STATE', sessionId: id, from, to, by, session });
    return session;
  }

  start(id, agent = this.users[1]) {
    const session = this.move(id, 'ACTIVE', 'A', { adminId: agent.memberId, adminName: agent.name });
    this.say(id, null, `${agent.name} 상담사가 연결되었습니다.`, {
      system: { code: 'started', params: { name: agent.name } },
    });
    return session;
  }

  /** Stores and publishes a message; null user: a SYSTEM one. */
  say(id, user, content, extra = {}) {
    const { messages, session } = this.room(id);
    const again = messages.find(m => extra.clientMessageId && m.clientMessageId === extra.clientMessageId);
    if (again) return again;
    const message = {
      type: 'MESSAGE',
      messageId: ++this.#nextMessage,
      sessionId: id,
      roomId: id,
      seq: messages.length + 1,
      senderId: user?.memberId ?? null,
      senderName: user?.name ?? null,
      senderType: user ? (user.roles.includes('AGENT') ? 'A' : 'M') : 'S',
      messageType: user ? 'TEXT' : session ? 'SYSTEM' : 'NOTIFICATION',
      contentType: 'text/plain',
      content,
      isRead: 'N',
      cdate: new Date().toISOString(),
      clientMessageId: null,
      attachment: null,
      replyTo: null,
      ...extra,
    };
    messages.push(message);
    if (session) session.lastMessage = message;
    this.publish(`/topic/chat/${id}`, message);
    return message;
  }

  publish(destination, body) {
    const text = JSON.stringify(body);
    for (const connection of this.connections) {
      for (const [id, subscribed] of connection.subscriptions) {
        if (subscribed === destination) this.#message(connection, id, destination, text);
      }
    }
  }

  #message({ socket }, subscription, destination, body) {
    socket.send(
      frame(
        'MESSAGE',
        {
          subscription,
          destination,
          'message-id': Math.random().toString(36).slice(2),
          'content-type': 'application/json',
        },
        body,
      ),
    );
  }

  #accept(socket) {
    const connection = { socket, user: null, subscriptions: new Map() };
    this.connections.add(connection);
    socket.on('close', () => this.connections.delete(connection));
    socket.on('message', data => {
      const text = data.toString();
      if (text.trim() !== '') this.#frame(connection, parseFrame(text));
      else socket.send('\n');
    });
  }

  #error({ socket }, headers, code, message, close = 1002) {
    socket.send(
      frame('ERROR', { message, code, ...headers }, JSON.stringify({ type: 'ERROR', code, error: message })),
    );
    socket.close(close);
  }

  #frame(connection, { command, headers, body }) {
    const receipt = more => {
      if (headers.receipt)
        connection.socket.send(frame('RECEIPT', { 'receipt-id': headers.receipt, ...more }));
    };
    switch (command) {
      case 'CONNECT':
      case 'STOMP':
        return this.#connect(connection, headers);
      case 'SUBSCRIBE':
        return this.#subscribe(connection, headers, receipt);
      case 'UNSUBSCRIBE':
        if (connection.subscriptions.delete(headers.id)) return receipt();
        return this.#error(connection, {}, 'invalid_request', 'There is no such subscription.');
      case 'SEND':
        return this.#send(connection, headers, JSON.parse(body), receipt);
      case 'DISCONNECT':
        receipt();
        return connection.socket.close(1000);
    }
  }

  #connect(connection, headers) {
    this.connects.push(headers);
    connection.user = this.tokens.get((headers.Authorization ?? '').replace('Bearer ', ''));
    if (!connection.user) return this.#error(connection, {}, 'unauthenticated', 'log in', 4401);
    connection.socket.send(frame('CONNECTED', { version: '1.2', 'heart-beat': '10000,10000' }));
  }

  #subscribe(connection, headers, receipt) {
    const { destination, id } = headers;
    connection.subscriptions.set(id, destination);
    const room = this.room(destination.match(/^\/topic\/chat\/(\d+)$/)?.[1]);
    if (!room && /^\/topic\/chat\/\d+$/.test(destination)) {
      return this.#error(
        connection,
        { 'receipt-id': headers.receipt },
        'session_not_found',
        '존재하지 않는 세션입니다.',
      );
    }
    const after = headers['after-seq'];
    if (room && after !== undefined) {
      if (Number(after) > room.messages.length) {
        return this.#error(connection, { 'receipt-id': headers.receipt }, 'cursor_unknown', 'unknown cursor');
      }
      for (const message of room.messages) {
        if (message.seq > Number(after)) this.#message(connection, id, destination, JSON.stringify(message));
      }
      const reads = [...room.reads].map(([readerId, seq]) => ({ readerId, seq }));
      const now = room.plain ? { room: { ...room.plain, joined: null } } : { session: room.session };
      const sync = {
        type: 'SYNC',
        sessionId: Number(destination.split('/').at(-1)),
        seq: room.messages.length,
        ...now,
        reads,
      };
      this.#message(connection, id, destination, JSON.stringify(sync));
    }
    receipt();
  }

  #send(connection, headers, body, receipt) {
    const { destination } = headers;
    this.sends.push({ destination, body, headers, user: connection.user });
    const verdict = this.onSend({ destination, body, headers });
    if (verdict === 'swallow') return;
    if (verdict === 'drop') return connection.socket.terminate();
    if (typeof verdict === 'object') {
      const event = {
        type: 'ERROR',
        destination,
        receiptId: headers.receipt,
        clientMessageId: body.clientMessageId,
        ...verdict,
      };
      for (const [id, subscribed] of connection.subscriptions) {
        if (subscribed === '/user/queue/errors')
          this.#message(connection, id, subscribed, JSON.stringify(event));
      }
      return;
    }
    receipt(this.#effect(connection.user, destination, body));
  }

  #effect(user, destination, body) {
    const id = body.sessionId;
    const topic = `/topic/chat/${id}`;
    const senderType = user.roles.includes('AGENT') ? 'A' : 'M';
    if (destination === '/app/chat.sendMessage') {
      const { messageId, seq } = this.say(id, user, body.content, {
        clientMessageId: body.clientMessageId ?? null,
      });
      return { 'message-id': messageId, seq };
    }
    if (destination === '/app/chat.typing') {
      this.publish(topic, {
        type: 'TYPING',
        sessionId: id,
        memberId: user.memberId,
        senderType,
        typing: body.typing,
      });
    }
    if (destination === '/app/chat.markAsRead') this.#read(id, user, body.messageId);
    return {};
  }

  #read(id, user, messageId) {
    const room = this.room(id);
    const message = room.messages.find(m => m.messageId === messageId) ?? room.messages.at(-1);
    if (!message) return;
    room.reads.set(user.memberId, message.seq);
    const event = {
      type: 'READ',
      sessionId: id,
      readerId: user.memberId,
      messageId: message.messageId,
      seq: message.seq,
    };
    this.publish(`/topic/chat/${id}`, event);
  }

  async #rest(request, response) {
    const url = new URL(request.url, this.url);
    let text = '';
    for await (const chunk of request) text += chunk;
    const body = text ? JSON.parse(text) : {};
    this.requests.push({ method: request.method, path: url.pathname, body });
    const user = this.tokens.get((request.headers.authorization ?? '').replace('Bearer ', ''));
    const answer = this.#answer(request.method, url, body, user) ?? {
      status: 404,
      code: 'not_found',
      error: '없어요.',
    };
    const { status = 200, ...rest } = answer;
    const plain = typeof answer.body === 'string';
    response.writeHead(status, {
      'content-type': plain
        ? 'text/plain; charset=utf-8'
        : status < 400
          ? 'application/json'
          : 'application/problem+json',
    });
    response.end(plain ? answer.body : JSON.stringify(status < 400 ? answer.body : rest));
  }

  #answer(method, url, body, user) {
    const path = `${method} ${url.pathname}`;
    if (path === 'POST /api/auth/login') {
      const found = this.users.find(u => u.username === body.username && u.password === body.password);
      return found
        ? { body: this.issue(found) }
        : { status: 401, code: 'bad_credentials', error: '아이디나 비밀번호가 맞지 않아요.' };
    }
    if (path === 'POST /api/auth/guest') {
      const memberId = ++this.#nextId;
      const guest = {
        memberId,
        userCode: `G${memberId}`,
        name: body.name ?? `손님 ${memberId}`,
        roles: ['MEMBER'],
      };
      this.users.push(guest);
      return { body: this.issue(guest) };
    }
    if (path === 'POST /api/auth/refresh') return this.#refresh(body.refreshToken);
    if (path === 'GET /api/chat/availability') return { body: this.desk };
    if (path === 'GET /api/chat/categories') return { body: { items: CATEGORIES } };
    if (!user) return { status: 401, code: 'unauthenticated', error: '로그인이 필요해요.' };
    const [, id, what] = url.pathname.match(/^\/api\/chat\/rooms\/(\d+)\/?(\w*)$/) ?? [];
    if (id) return answerOfRoom(this.room(id), what, url, user);
    return this.#support(path, url, body, user);
  }

  #refresh(token) {
    this.refreshCount += 1;
    const user = this.refreshes.get(token);
    this.refreshes.delete(token);
    return user
      ? { body: this.issue(user) }
      : { status: 401, code: 'unauthenticated', error: '로그인이 끝났어요.' };
  }

  #support(path, url, body, user) {
    if (path === 'POST /api/auth/logout') return { body: {} };
    if (path === 'POST /api/chat/sessions') {
      const earlier = body.continues && this.room(body.continues).session;
      const session = this.open(user, body.categoryId ?? earlier?.categoryId, body.title ?? null);
      session.continues = body.continues ?? null;
      session.email = body.email ?? null;
      this.publish('/topic/chat/new-session', { type: 'NEW_SESSION', session });
      return { status: 201, body: session };
    }
    if (path === 'GET /api/chat/sessions' || path === 'GET /api/admin/chat/sessions') {
      const all = [...this.rooms.values()].map(room => room.session).reverse();
      const mine = path.includes('admin') ? all : all.filter(session => session.memberId === user.memberId);
      return { body: { items: mine, nextCursor: null } };
    }
    const [, id, move] = path.match(/\/sessions\/(\d+)\/?(\w*)$/) ?? [];
    const room = this.room(id);
    if (!room) return { status: 404, code: 'session_not_found', error: '존재하지 않는 세션입니다.' };
    return this.#one(path.split(' ')[0], room, move, url, body, user);
  }

  #one(method, room, move, url, body, user) {
    const id = room.session.sessionId;
    if (method === 'GET' && move === '') return { body: room.session };
    if (method === 'GET' && move === 'messages') {
      const before = Number(url.searchParams.get('before') ?? Number.POSITIVE_INFINITY);
      const limit = Number(url.searchParams.get('limit') ?? 50);
      const older = room.messages.filter(message => message.seq < before).reverse();
      const items = older.slice(0, limit);
      return { body: { items, nextCursor: older.length > limit ? String(items.at(-1).seq) : null } };
    }
    if (method === 'PUT' && move === 'rating') {
      room.session.rating = { ...body, at: new Date().toISOString() };
      return { body: room.session };
    }
    if (method === 'POST' && move === 'transcript') return { status: 202, body: {} };
    if (method === 'GET' && move === 'transcript') {
      return { body: room.messages.map(({ content }) => `${content}\n`).join('') };
    }
    const end = { endTime: new Date().toISOString(), endedBy: user.roles.includes('AGENT') ? 'A' : 'M' };
    if (move === 'start') return { body: this.start(id, user) };
    if (move === 'cancel')
      return { body: this.move(id, 'COMPLETED', 'M', { ...end, exitReason: 'CANCELLED' }) };
    if (move === 'end')
      return { body: this.move(id, 'COMPLETED', 'M', { ...end, exitReason: body.exitReason ?? 'RESOLVED' }) };
    if (move === 'leave') return { body: this.move(id, 'DISCONNECTED', 'M') };
    if (move === 'return') return { body: this.move(id, 'ACTIVE', 'M') };
    if (move === 'read') return { body: room.session };
    return null;
  }
}

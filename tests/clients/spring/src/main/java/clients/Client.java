package clients;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.springframework.messaging.simp.stomp.ConnectionLostException;
import org.springframework.messaging.simp.stomp.StompFrameHandler;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.messaging.WebSocketStompClient;

import static clients.Events.event;
import static clients.Events.goOn;
import static clients.Events.say;

/**
 * A back end as Spring's documentation shows it: {@code WebSocketStompClient} over one transport.
 * {@code java clients.Client URL TRANSPORT TOKEN SESSION NAME}
 */
public final class Client {
    private final String url;
    private final WebSocketStompClient client;
    private final String token;
    /** The last message that was seen; changed where messages are read. */
    private volatile long seq;

    private Client(String url, String transport, String token) {
        this.url = url;
        this.client = Transports.client(transport);
        this.token = token;
    }

    public static void main(String[] args) throws Exception {
        var client = new Client(args[0], args[1], args[2]);
        client.talk(Long.parseLong(args[3]), args[4]);
        System.exit(0);
    }

    private void talk(long room, String name) throws Exception {
        // Connect, subscribe, send, receive.
        String topic = "/topic/chat/" + room;
        StompSession first = connect();
        first.setAutoReceipt(true);
        var subscribed = new CountDownLatch(1);
        first.subscribe(topic, new Reader()).addReceiptTask(subscribed::countDown);
        subscribed.await();
        say(event("subscribed"));
        first.send("/app/chat.sendMessage", Map.of("sessionId", room, "content", name + ": 안녕하세요 🙂"))
            .addReceiptTask(receipt -> say(event("stored").put("seq", Long.parseLong(receipt.getFirst("seq")))));

        // It is cut, and comes back behind what was seen.
        goOn();
        StompSession second = connect();
        var behind = new StompHeaders();
        behind.setDestination(topic);
        behind.set("after-seq", Long.toString(seq));
        second.subscribe(behind, new Reader());
        goOn();
        second.disconnect();

        // A subscription that is not for customers.
        connect().subscribe("/topic/chat/sessions", new StompSessionHandlerAdapter() {
            @Override
            public void handleFrame(StompHeaders headers, Object payload) {
                say(event("leaked"));
            }
        });
        goOn();
    }

    private StompSession connect() throws Exception {
        var headers = new StompHeaders();
        headers.set("Authorization", "Bearer " + token);
        return client.connectAsync(url, new WebSocketHttpHeaders(), headers, new Told()).get();
    }

    /** Tells what happens to a connection. */
    private static final class Told extends StompSessionHandlerAdapter {
        @Override
        public void afterConnected(StompSession session, StompHeaders headers) {
            String heartBeat = Arrays.stream(headers.getHeartbeat())
                .mapToObj(Long::toString)
                .collect(Collectors.joining(","));
            say(event("connected").put("version", headers.getFirst("version")).put("heartBeat", heartBeat));
        }

        @Override
        public Type getPayloadType(StompHeaders headers) {
            return Object.class;
        }

        @Override
        public void handleFrame(StompHeaders headers, Object payload) {
            say(event("error").put("message", headers.getFirst("message")).put("code", headers.getFirst("code")));
        }

        @Override
        public void handleTransportError(StompSession session, Throwable fault) {
            if (fault instanceof ConnectionLostException) {
                say(event("closed"));
            }
        }
    }

    /** A reader of a room: tells what it sees, and knows how far it is. */
    private final class Reader implements StompFrameHandler {
        @Override
        public Type getPayloadType(StompHeaders headers) {
            return JsonNode.class;
        }

        @Override
        public void handleFrame(StompHeaders headers, Object payload) {
            var seen = (JsonNode) payload;
            if (seen.path("type").asText().equals("MESSAGE")) {
                seq = seen.path("seq").asLong();
            }
            var told = event("message");
            for (String name : new String[] {"type", "content", "seq"}) {
                told.set(name, seen.get(name));
            }
            say(told);
        }
    }
}

package clients;

import java.lang.reflect.Type;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompFrameHandler;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.messaging.WebSocketStompClient;

/**
 * A guest of an open broker: Spring's client over one transport. Ends well if a large message comes back as it was sent,
 * with its receipt, if heart-beats keep an idle connection, and if a wrong passcode, and none, are refused.
 * {@code java clients.Guest URL TRANSPORT}
 */
public final class Guest {
    /** Longer than the server, and Spring, wait for the heart-beats of a second. */
    private static final long IDLE_MS = 3500;

    private final String url;
    private final WebSocketStompClient client;

    private Guest(String url, String transport) {
        this.url = url;
        this.client = Transports.client(transport);
    }

    public static void main(String[] args) throws Exception {
        var guest = new Guest(args[0], args[1]);
        guest.isEchoed("/topic/of/" + args[1]);
        guest.isRefused("guest", "wrong");
        guest.isRefused(null, null);
        System.exit(0);
    }

    private void isEchoed(String destination) throws Exception {
        StompSession session = connect("guest", "guest", new Refusal()).get();
        session.setAutoReceipt(true);
        var echoes = new Echoes();
        var subscribed = new CountDownLatch(1);
        session.subscribe(destination, echoes).addReceiptTask(subscribed::countDown);
        subscribed.await();

        String large = "가나다 100%\n🙂".repeat(40_000);
        var sent = new CompletableFuture<String>();
        var headers = new StompHeaders();
        headers.setDestination(destination);
        headers.set("colour", "pine");
        session.send(headers, large).addReceiptTask(receipt -> sent.complete(receipt.getReceiptId()));
        if (!echoes.next().equals(large) || !"pine".equals(echoes.colour)) {
            throw new IllegalStateException("another message came back");
        }
        sent.get();

        Thread.sleep(IDLE_MS);
        session.send(headers, "still here");
        if (!echoes.next().equals("still here")) {
            throw new IllegalStateException("the connection did not live");
        }
        session.disconnect();
    }

    private void isRefused(String login, String passcode) throws Exception {
        var refusal = new Refusal();
        try {
            connect(login, passcode, refusal).get();
        } catch (ExecutionException closed) {
            refusal.told.get();
            return;
        }
        throw new IllegalStateException(login + " " + passcode + " may come in");
    }

    private CompletableFuture<StompSession> connect(String login, String passcode, Refusal refusal) {
        var headers = new StompHeaders();
        headers.setLogin(login);
        headers.setPasscode(passcode);
        return client.connectAsync(url, new WebSocketHttpHeaders(), headers, refusal);
    }

    /** What came back, one by one. */
    private static final class Echoes implements StompFrameHandler {
        private final BlockingQueue<String> bodies = new LinkedBlockingQueue<>();
        private volatile String colour;

        String next() throws InterruptedException {
            return bodies.take();
        }

        @Override
        public Type getPayloadType(StompHeaders headers) {
            return String.class;
        }

        @Override
        public void handleFrame(StompHeaders headers, Object payload) {
            colour = headers.getFirst("colour");
            bodies.add((String) payload);
        }
    }

    /** The ERROR of a log-in that is refused. */
    private static final class Refusal extends StompSessionHandlerAdapter {
        private final CompletableFuture<String> told = new CompletableFuture<>();

        @Override
        public Type getPayloadType(StompHeaders headers) {
            return Object.class;
        }

        @Override
        public void handleFrame(StompHeaders headers, Object payload) {
            told.complete(headers.getFirst("message"));
        }

        @Override
        public void handleException(
            StompSession session, StompCommand command, StompHeaders headers, byte[] payload, Throwable fault) {
            fault.printStackTrace();
            System.exit(1);
        }
    }
}

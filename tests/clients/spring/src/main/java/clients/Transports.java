package clients;

import jakarta.websocket.ContainerProvider;
import jakarta.websocket.WebSocketContainer;
import java.util.List;
import org.springframework.messaging.converter.CompositeMessageConverter;
import org.springframework.messaging.converter.MappingJackson2MessageConverter;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.socket.client.WebSocketClient;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.messaging.WebSocketStompClient;
import org.springframework.web.socket.sockjs.client.RestTemplateXhrTransport;
import org.springframework.web.socket.sockjs.client.SockJsClient;
import org.springframework.web.socket.sockjs.client.Transport;
import org.springframework.web.socket.sockjs.client.WebSocketTransport;

/** Spring's client over one way to connect, and no other. */
final class Transports {
    private static final int MESSAGE_BYTES_MAX = 1 << 20;

    private Transports() {
    }

    /** Heart-beats every second, and a scheduler, without which there are none. */
    static WebSocketStompClient client(String transport) {
        var scheduler = new ThreadPoolTaskScheduler();
        scheduler.setDaemon(true);
        scheduler.afterPropertiesSet();
        var client = new WebSocketStompClient(webSocketClient(transport));
        client.setTaskScheduler(scheduler);
        client.setDefaultHeartbeat(new long[] {1000, 1000});
        client.setInboundMessageSizeLimit(MESSAGE_BYTES_MAX);
        client.setMessageConverter(new CompositeMessageConverter(
            List.of(new StringMessageConverter(), new MappingJackson2MessageConverter())));
        client.start();
        return client;
    }

    private static WebSocketClient webSocketClient(String transport) {
        return switch (transport) {
            case "websocket" -> standard();
            case "sockjs-websocket" -> sockJs(new WebSocketTransport(standard()));
            case "xhr-streaming" -> sockJs(xhr(true));
            case "xhr-polling" -> sockJs(xhr(false));
            default -> throw new IllegalArgumentException(transport);
        };
    }

    private static StandardWebSocketClient standard() {
        WebSocketContainer container = ContainerProvider.getWebSocketContainer();
        container.setDefaultMaxTextMessageBufferSize(MESSAGE_BYTES_MAX);
        return new StandardWebSocketClient(container);
    }

    private static SockJsClient sockJs(Transport transport) {
        return new SockJsClient(List.of(transport));
    }

    private static RestTemplateXhrTransport xhr(boolean streaming) {
        var transport = new RestTemplateXhrTransport(new RestTemplate());
        transport.setXhrStreamingDisabled(!streaming);
        return transport;
    }
}

package chat;

import java.nio.charset.StandardCharsets;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.MessageHeaderAccessor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;

@Configuration
@EnableWebSocketMessageBroker
class WebSocketConfig implements WebSocketMessageBrokerConfigurer {
    private static final String BEARER = "Bearer ";

    private final JwtDecoder tokens;

    WebSocketConfig(@Value("${chat.secret}") String secret) {
        var key = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
        this.tokens = NimbusJwtDecoder.withSecretKey(key).build();
    }

    @Override
    public void configureMessageBroker(MessageBrokerRegistry registry) {
        var heartBeats = new ThreadPoolTaskScheduler();
        heartBeats.initialize();
        registry.enableSimpleBroker("/topic", "/queue").setTaskScheduler(heartBeats);
        registry.setApplicationDestinationPrefixes("/app");
        registry.setUserDestinationPrefix("/user");
    }

    @Override
    public void registerStompEndpoints(StompEndpointRegistry registry) {
        registry.addEndpoint("/ws").setAllowedOriginPatterns("*");
    }

    @Override
    public void configureClientInboundChannel(ChannelRegistration registration) {
        registration.interceptors(new ChannelInterceptor() {
            @Override
            public Message<?> preSend(Message<?> message, MessageChannel channel) {
                var frame = MessageHeaderAccessor.getAccessor(message, StompHeaderAccessor.class);
                if (frame != null && frame.getCommand() == StompCommand.CONNECT) {
                    frame.setUser(member(frame.getFirstNativeHeader("Authorization")));
                }
                return message;
            }
        });
    }

    private Member member(String authorization) {
        if (authorization == null || !authorization.startsWith(BEARER)) {
            throw new SecurityException("no token");
        }
        Jwt token = tokens.decode(authorization.substring(BEARER.length()));
        long id = ((Number) token.getClaim("uid")).longValue();
        return new Member(id, token.getClaimAsString("name"));
    }
}

package chat;

import java.sql.Timestamp;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.namedparam.MapSqlParameterSource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;
import org.springframework.jdbc.support.GeneratedKeyHolder;
import org.springframework.stereotype.Repository;

@Repository
class ChatRepository {
    private static final int TEXT = 1;

    private final NamedParameterJdbcTemplate jdbc;

    ChatRepository(NamedParameterJdbcTemplate jdbc) {
        this.jdbc = jdbc;
    }

    Optional<ChatSession> session(long sessionId) {
        List<ChatSession> found = jdbc.query(
                "SELECT session_id, member_id, admin_id FROM chat_session WHERE session_id = :id",
                Map.of("id", sessionId),
                (row, number) -> new ChatSession(
                        row.getLong("session_id"), row.getLong("member_id"), row.getObject("admin_id", Long.class)));
        return found.stream().findFirst();
    }

    /** The new message's number. */
    long insert(long sessionId, long senderId, String senderType, String content, LocalDateTime now) {
        var values = new MapSqlParameterSource()
                .addValue("session", sessionId)
                .addValue("sender", senderId)
                .addValue("type", senderType)
                .addValue("kind", TEXT)
                .addValue("content", content)
                .addValue("now", Timestamp.valueOf(now));
        var key = new GeneratedKeyHolder();
        jdbc.update(
                "INSERT INTO chat_message (session_id, sender_id, sender_type, message_type_id, content, cdate)"
                        + " VALUES (:session, :sender, :type, :kind, :content, :now)",
                values,
                key,
                new String[] {"message_id"});
        return key.getKey().longValue();
    }
}

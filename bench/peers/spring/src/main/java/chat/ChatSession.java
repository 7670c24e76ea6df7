package chat;

/** A conversation of a member and an admin, who may be missing yet. */
record ChatSession(long sessionId, long memberId, Long adminId) {
    boolean has(Member member) {
        return member.id() == memberId || (adminId != null && member.id() == adminId);
    }
}

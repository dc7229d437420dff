# Who begins at a port, by its number: whoever connects to it, with TLS or without, or neither
# is known.

function begins_with_tls(address) {
    sub(/^.*:/, "", address)
    return address ~ /^(443|465|563|636|853|989|990|992|993|994|995|5061|5671|6443|6514|6697|8443|8883|9443)$/
}

# HTTP: whoever connects there waits for no greeting, and browsers keep connections in reserve.
function begins_with_request(address) {
    sub(/^.*:/, "", address)
    return address ~ /^(80|443|3128|8000|8008|8080|8081|8443|8888)$/
}

# By number: the server speaks first there, in plain text or, where TLS begins at once, in it.
function greets(address) {
    sub(/^.*:/, "", address)
    return address ~ /^(21|22|25|110|119|143|587|3306|4190|5900)$/
}

function greets_in_tls(address) {
    sub(/^.*:/, "", address)
    return address ~ /^(465|563|990|992|993|994|995)$/
}

# What is spoken at a port, where clients often begin with something else; "" elsewhere.
function usual_at(address) {
    sub(/^.*:/, "", address)
    return address == 1883 ? "1883 is plain MQTT as a rule (TLS 8883, WebSockets 9001): " \
        : address == 5672 ? "5672 is plain AMQP as a rule (TLS 5671, HTTP 15672): " \
        : address == 389 ? "389 is plain LDAP as a rule (ldaps 636): " : ""
}

#include "layers/layers.h"

#include "base/ask.h"
#include "base/process.h"
#include "base/settings.h"
#include "layers/options.h"
#include "layers/probe.h"
#include "start/deadly.h"
#include "start/hindrance.h"

struct next beneath;

bool layers_may_ask;

static void install_handling(void)
{
    options_install();
    connect_install();
    listen_install();
    accept_install();
    moves_install();
    restart_install();
}

/* Options are set before it is known that there is a socket: so whether that can be is known before
 * the program begins. */
void layers_install(void)
{
    beneath = next;
    if (handling_is_asked(&settings.handling)) {
        layers_may_ask = filter_kind() == FILTER_NONE;
        if (layers_may_ask) {
            install_handling();
        } else {
            hindrance_found(SETTING_ON, HINDRANCE_FILTER);
            restart_install();
        }
    }
    recording_install();
}

void layers_take_inherited(int fd)
{
    options_adopt(fd);
    probe_socket(fd);
    if (settings.handling.recv_timeout_ms > 0 && !process_is_caged() && is_tcp_socket(fd)) {
        options_limit_receiving(fd);
    }
    recording_take_inherited(fd);
}

/* setting_names.c - see setting_names.h. */
#include "common/setting_names.h"

const struct setting gateway_setting_names[] = {
    {.name = "listen"},
    {.name = "tls-cert"},
    {.name = "tls-key"},
    {.name = "tls-min"},
    {.name = "tls-client-cert"},
    {.name = "tls-client-ca"},
    {.name = "redis"},
    {.name = "prefix"},
    {.name = "pubsub"},
    {.name = "redis-ca"},
    {.name = "redis-cert"},
    {.name = "redis-key"},
    {.name = "redis-verify"},
    {.name = "streams"},
    {.name = "payload"},
    {.name = "class"},
    {.name = "workers"},
    {.name = "kernel-queue"},
    {.name = "queue-bytes"},
    {.name = "queue-messages"},
    {.name = "max-message"},
    {.name = "deflate"},
    {.name = "max-payload"},
    {.name = "max-subscriptions"},
    {.name = "linger"},
    {.name = "drain"},
    {.name = "ping-interval"},
    {.name = "pong-timeout"},
    {.name = "handshake-timeout"},
    {.name = "first-subscription-timeout"},
    {.name = "last-value"},
    {.name = "drift-markets"},
    {.name = "binance-rate"},
    {.name = "binance-max-age"},
    {.name = "injective-max-open-connections"},
    {.name = "injective-read-timeout"},
    {.name = "injective-write-timeout"},
    {.name = "injective-max-body-bytes"},
    {.name = "injective-max-header-bytes"},
    {.name = "injective-max-request-batch-size"},
    {.name = "injective-max-block"},
    {.name = "injective-max-filter-values"},
    {.name = "contracts"},
    {.name = "nano-max-accounts"},
    {.name = "log-level"},
    {.name = "settings"},
};
const size_t gateway_setting_names_count =
    sizeof gateway_setting_names / sizeof *gateway_setting_names;

const struct setting publisher_setting_names[] = {
    {.name = "source"},    {.name = "redis"},         {.name = "prefix"},
    {.name = "pubsub"},    {.name = "redis-ca"},      {.name = "redis-cert"},
    {.name = "redis-key"}, {.name = "redis-verify"},  {.name = "backlog"},
    {.name = "max-event"}, {.name = "nano-accounts"}, {.name = "log-level"},
    {.name = "settings"},
};
const size_t publisher_setting_names_count =
    sizeof publisher_setting_names / sizeof *publisher_setting_names;

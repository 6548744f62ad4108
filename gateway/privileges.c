/* privileges.c - see privileges.h. */
#include "gateway/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int account_find(const char *name, struct account *out, char *error, size_t cap)
{
    *out = (struct account){0};
    if (!*name)
        return 0;
    const struct passwd *found = getpwnam(name);
    if (!found) {
        snprintf(error, cap, "user: there is no user '%.60s'", name);
        return -EINVAL;
    }
    if (geteuid() != 0 && found->pw_uid != geteuid()) {
        snprintf(error, cap, "user: only root can become '%.60s'", name);
        return -EINVAL;
    }
    *out =
        (struct account){.change = geteuid() == 0, .user = found->pw_uid, .group = found->pw_gid};
    return 0;
}

/* E.g. CAP_NET_BIND_SERVICE, with which a service manager may have started us. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {0};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    /* a service manager may forbid the call that drops them */
    if (syscall(SYS_capget, &header, held) == 0 && memcmp(held, none, sizeof none) == 0)
        return 0;
    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int privileges_drop(const struct account *a)
{
    if (a->change && (setgroups(0, NULL) < 0 || setgid(a->group) < 0 || setuid(a->user) < 0))
        return -errno;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    return geteuid() == 0 ? 0 : drop_capabilities();
}

// SPDX-License-Identifier: GPL-2.0
/* The ends of a transfer. */
#include "text.h"

#include "endpoint.h"

static void check(const struct endpoint *end, const char *text)
{
	must(end->text == text);
	switch (end->kind) {
	case ENDPOINT_PATH:
		must(end->path == text && *text);
		break;
	case ENDPOINT_TCP:
	case ENDPOINT_TCP_LISTEN:
		must(*end->host || end->kind == ENDPOINT_TCP_LISTEN);
		must(strlen(end->host) < sizeof(end->host));
		must(end->port >= 1 && end->port <= UINT16_MAX);
		break;
	case ENDPOINT_UNIX:
	case ENDPOINT_UNIX_LISTEN:
		must(end->path > text && *end->path && strlen(end->path) < 108);
		break;
	case ENDPOINT_FD:
		must(end->fd >= 0);
		break;
	case ENDPOINT_POOL:
		must(end->fd >= 0);
		must(end->len == ENDPOINT_NO_LEN || end->offset + end->len >= end->offset);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_copy(data, size);
	struct fault fault = {};
	struct endpoint end;

	if (!endpoint_parse(&end, text, &fault))
		check(&end, text);
	else
		must(fault.status == STATUS_USAGE && *fault.text);
	free(text);
	return 0;
}

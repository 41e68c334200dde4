// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <ctype.h>
#include <stdbool.h>

#include "names.h"
#include "zcdev.h"

/* Scripts match these: a change here breaks them. */
static const struct {
	const struct names *names;
	const char *tokens;
} tables[] = {
	{ &names_kinds, "none file block tcp unix pool ktls vsock pipe char" },
	{ &names_paths, "direct buffered reference copy pool page-cache clone offload hole transform" },
	{ &names_reasons, "asked no-direct unverified unaligned fell-back append no-sg protocol "
			  "small dax pages stream encrypted memory driver" },
	{ &names_ioctls, "query pool-create pool-info transfer buf-wait buf-acquire buf-release" },
	{ &names_pool_flags, "contiguous dma32" },
	{ &names_transfer_flags, "strict fail-fast" },
	{ &names_end_flags, "offset direct buffered page-cache sparse" },
};

static void test_tokens(void **state)
{
	const struct name *name;
	unsigned int bit;
	char tokens[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(tables); i++) {
		*tokens = 0;
		for (bit = 0; (name = names_find(tables[i].names, bit)); bit++) {
			strcat(tokens, bit ? " " : "");
			strcat(tokens, name->token);
		}
		assert_string_equal(tokens, tables[i].tokens);
	}
}

static void test_words(void **state)
{
	char buf[64];

	(void)state;
	names_words(buf, sizeof(buf), &names_paths, 0, ", ");
	assert_string_equal(buf, "");
	names_words(buf, sizeof(buf), &names_paths,
		    ZCDEV_PATH_DIRECT | ZCDEV_PATH_COPY | 1U << 20, ", ");
	assert_string_equal(buf, "direct, by copy, bit 20");
	names_words(buf, 10, &names_paths, UINT32_MAX, ", ");
	assert_string_equal(buf, "direct, b");
}

/* What the header calls the values of a table; ioctls have the rest of the names. */
static const struct {
	const struct names *names;
	const char *prefix;
} prefixes[] = {
	{ &names_kinds, "KIND_" },
	{ &names_paths, "PATH_" },
	{ &names_reasons, "REASON_" },
	{ &names_ioctls, "" },
	{ &names_pool_flags, "POOL_" },
	{ &names_transfer_flags, "TRANSFER_" },
	{ &names_end_flags, "END_" },
};

/* "FAIL_FAST" is "fail-fast" to programs. */
static void make_token(char *name)
{
	for (; *name; name++)
		*name = *name == '_' ? '-' : tolower(*name);
}

/* True if the line defines a value of the kind of table; enumerators have no number. */
static bool parse(const char *line, const struct names *names, char name[64],
		  unsigned int *number)
{
	if (names == &names_kinds)
		return line[0] == '\t' && sscanf(line, " ZCDEV_%63[A-Z0-9_],", name) == 1;
	if (names == &names_ioctls)
		return sscanf(line, "#define ZCDEV_%63[A-Z0-9_] _IO(ZCDEV_IOC_TYPE, %x)", name,
			      number) == 2;
	return sscanf(line, "#define ZCDEV_%63[A-Z0-9_] (1U << %u)", name, number) == 2;
}

/* Leaves only what comes after the prefix in @name. */
static bool next_value(FILE *header, size_t table, char name[64], unsigned int *number)
{
	size_t len = strlen(prefixes[table].prefix);
	char line[256];

	while (fgets(line, sizeof(line), header)) {
		if (parse(line, prefixes[table].names, name, number) &&
		    !strncmp(name, prefixes[table].prefix, len)) {
			memmove(name, name + len, strlen(name + len) + 1);
			return true;
		}
	}
	return false;
}

/* A value that the header gained has a name here, and none is here that it lacks. */
static void test_header(void **state)
{
	unsigned int number, count;
	const struct name *found;
	FILE *header;
	char name[64];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(prefixes); i++) {
		header = fopen(ZCDEV_HEADER, "r");
		assert_non_null(header);
		for (number = count = 0; next_value(header, i, name, &number); count++) {
			if (prefixes[i].names == &names_kinds)
				number = count;
			make_token(name);
			found = names_find(prefixes[i].names, number);
			check_row(found && found->token && !strcmp(found->token, name),
				  "no name '%s' for %u of table %zu", name, number, i);
		}
		fclose(header);
		check_row(count == prefixes[i].names->count, "%u values in table %zu, not %u",
			  prefixes[i].names->count, i, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}

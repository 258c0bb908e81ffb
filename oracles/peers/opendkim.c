/*
 * libopendkim. Lines in, words parted by blanks, everything of any length in base64; JSON lines out.
 *   verify:  id message [name record]...
 *   sign:    id message pem selector domain header-form body-form
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <opendkim/dkim.h>

#define WORDS_MAX 256

struct octets { u_char *at; size_t length; };

static struct octets records[WORDS_MAX];
static char *names[WORDS_MAX];
static int known;

static int digit(int c)
{
	if (c >= 'A' && c <= 'Z') return c - 'A';
	if (c >= 'a' && c <= 'z') return c - 'a' + 26;
	if (c >= '0' && c <= '9') return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static struct octets decode(const char *text)
{
	struct octets out = { malloc(strlen(text) + 4), 0 };
	unsigned bits = 0;
	int have = 0;
	for (; *text != '\0'; text++) {
		int value = digit(*text);
		if (value < 0) continue;
		bits = bits << 6 | (unsigned) value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out.at[out.length++] = (u_char) (bits >> have & 0xff);
		}
	}
	out.at[out.length] = '\0';
	return out;
}

static void encode(const u_char *octets, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < length; i += 3) {
		unsigned bits = octets[i] << 16;
		if (i + 1 < length) bits |= octets[i + 1] << 8;
		if (i + 2 < length) bits |= octets[i + 2];
		putchar(digits[bits >> 18 & 63]);
		putchar(digits[bits >> 12 & 63]);
		putchar(i + 1 < length ? digits[bits >> 6 & 63] : '=');
		putchar(i + 2 < length ? digits[bits & 63] : '=');
	}
}

static DKIM_CBSTAT look_up(DKIM *dkim, DKIM_SIGINFO *signature, u_char *buffer, size_t size)
{
	char name[512];
	(void) dkim;
	snprintf(name, sizeof name, "%s._domainkey.%s", (char *) dkim_sig_getselector(signature), (char *) dkim_sig_getdomain(signature));
	for (int i = 0; i < known; i++) {
		if (strcasecmp(name, names[i]) != 0) continue;
		snprintf((char *) buffer, size, "%s", (char *) records[i].at);
		return DKIM_CBSTAT_CONTINUE;
	}
	return DKIM_CBSTAT_NOTFOUND;
}

/* The header field by field, then the body. */
static DKIM_STAT feed(DKIM *dkim, struct octets message, bool *test_key)
{
	u_char *at = message.at, *end = message.at + message.length;
	DKIM_STAT status = DKIM_STAT_OK;
	while (at < end && !(at[0] == '\r' && at + 1 < end && at[1] == '\n')) {
		u_char *stop = at;
		for (;;) {
			u_char *next = (u_char *) memmem(stop, end - stop, "\r\n", 2);
			if (next == NULL) { stop = end; break; }
			stop = next;
			if (next + 2 >= end || (next[2] != ' ' && next[2] != '\t')) break;
			stop = next + 2;
		}
		status = dkim_header(dkim, at, stop - at);
		if (status != DKIM_STAT_OK) return status;
		at = stop + 2 > end ? end : stop + 2;
	}
	status = dkim_eoh(dkim);
	if (status != DKIM_STAT_OK && status != DKIM_STAT_NOSIG) return status;
	at = at + 2 > end ? end : at + 2;
	if (at < end) dkim_body(dkim, at, end - at);
	return dkim_eom(dkim, test_key);
}

static void verify(DKIM_LIB *library, char **words, int count)
{
	DKIM_STAT status;
	DKIM_SIGINFO **signatures = NULL;
	int signature_count = 0;
	bool test_key;
	struct octets message = decode(words[1]);
	known = 0;
	for (int i = 2; i + 1 < count; i += 2) {
		names[known] = (char *) decode(words[i]).at;
		records[known++] = decode(words[i + 1]);
	}
	DKIM *dkim = dkim_verify(library, (u_char *) words[0], NULL, &status);
	status = feed(dkim, message, &test_key);
	dkim_getsiglist(dkim, &signatures, &signature_count);
	printf("{\"id\":%s,\"results\":[", words[0]);
	for (int i = 0; i < signature_count; i++) printf("%s\"%s\"", i == 0 ? "" : ",", DKIM_SIG_CHECK(signatures[i]) ? "pass" : "fail");
	printf("],\"why\":[");
	for (int i = 0; i < signature_count; i++) {
		const char *text = dkim_sig_geterrorstr(dkim_sig_geterror(signatures[i]));
		printf("%s\"%s\"", i == 0 ? "" : ",", text == NULL ? "" : text);
	}
	printf("],\"status\":%d}\n", status);
	dkim_free(dkim);
	free(message.at);
}

static void sign(DKIM_LIB *library, char **words)
{
	DKIM_STAT status;
	bool test_key;
	u_char *field = NULL;
	size_t length = 0;
	struct octets message = decode(words[1]), pem = decode(words[2]);
	dkim_canon_t header = words[5][0] == 'r' ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE;
	dkim_canon_t body = words[6][0] == 'r' ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE;
	DKIM *dkim = dkim_sign(library, (u_char *) words[0], NULL, pem.at, (u_char *) words[3], (u_char *) words[4], header, body,
		DKIM_SIGN_RSASHA256, -1, &status);
	status = feed(dkim, message, &test_key);
	if (status == DKIM_STAT_OK) status = dkim_getsighdr_d(dkim, strlen("DKIM-Signature: "), &field, &length);
	printf("{\"id\":%s,\"status\":%d,\"field\":\"", words[0], status);
	if (status == DKIM_STAT_OK) encode(field, length);
	printf("\"}\n");
	dkim_free(dkim);
	free(message.at);
	free(pem.at);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	DKIM_LIB *library = dkim_init(NULL, NULL);
	if (argc != 2 || library == NULL) return 1;
	dkim_set_key_lookup(library, look_up);
	while (getline(&line, &size, stdin) > 0) {
		char *words[WORDS_MAX];
		int count = 0;
		line[strcspn(line, "\n")] = '\0';
		for (char *word = strtok(line, " "); word != NULL && count < WORDS_MAX; word = strtok(NULL, " ")) words[count++] = word;
		if (count < 2) return 1;
		if (strcmp(argv[1], "verify") == 0) verify(library, words, count);
		else sign(library, words);
		fflush(stdout);
	}
	return 0;
}

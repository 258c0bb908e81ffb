/*
 * How fast libopendkim verifies and signs: opendkim verify|sign MESSAGE KEY COUNT, where KEY is a file with the TXT record of
 * the public key (verify) or the private key in PEM (sign). Header fields are split once, as a milter gets them from its server.
 * Prints the microseconds of CPU that one message took. Built by authentication.ts: cc -O2 opendkim.c -lopendkim
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <opendkim/dkim.h>

static char *key;

static char *slurp(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) { perror(path); exit(1); }
  fseek(file, 0, SEEK_END);
  *length = (size_t)ftell(file);
  rewind(file);
  char *text = malloc(*length + 1);
  if (fread(text, 1, *length, file) != *length) exit(1);
  text[*length] = '\0';
  fclose(file);
  return text;
}

static DKIM_CBSTAT lookup(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *buffer, size_t size) {
  (void)dkim; (void)sig;
  snprintf((char *)buffer, size, "%s", key);
  return DKIM_CBSTAT_CONTINUE;
}

static double cpu_micros(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

int main(int argc, char **argv) {
  if (argc != 5) return 64;
  int signs = strcmp(argv[1], "sign") == 0;
  size_t length, key_length;
  char *message = slurp(argv[2], &length);
  key = slurp(argv[3], &key_length);
  long count = atol(argv[4]);
  char *fields[512];
  size_t sizes[512];
  int fields_count = 0;
  char *at = message;
  while (memcmp(at, "\r\n", 2) != 0 && fields_count < 512) {
    char *end = at;
    do end = strstr(end, "\r\n") + 2; while (*end == ' ' || *end == '\t');
    fields[fields_count] = at;
    sizes[fields_count++] = (size_t)(end - 2 - at);
    at = end;
  }
  char *body = at + 2;
  size_t body_length = length - (size_t)(body - message);
  DKIM_LIB *lib = dkim_init(NULL, NULL);
  dkim_set_key_lookup(lib, lookup);
  double start = cpu_micros();
  for (long i = 0; i < count; i++) {
    DKIM_STAT status;
    DKIM *dkim = signs
      ? dkim_sign(lib, (unsigned char *)"b", NULL, (unsigned char *)key, (unsigned char *)"r", (unsigned char *)"a.test",
                  DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, -1, &status)
      : dkim_verify(lib, (unsigned char *)"b", NULL, &status);
    if (dkim == NULL) return 1;
    for (int field = 0; field < fields_count; field++) dkim_header(dkim, (unsigned char *)fields[field], sizes[field]);
    if (dkim_eoh(dkim) != DKIM_STAT_OK) return 2;
    if (dkim_body(dkim, (unsigned char *)body, body_length) != DKIM_STAT_OK) return 3;
    if (dkim_eom(dkim, NULL) != DKIM_STAT_OK) return 4;
    if (signs) {
      unsigned char *header;
      size_t header_length;
      if (dkim_getsighdr_d(dkim, 0, &header, &header_length) != DKIM_STAT_OK) return 5;
    }
    dkim_free(dkim);
  }
  printf("%f\n", (cpu_micros() - start) / (double)count);
  return 0;
}

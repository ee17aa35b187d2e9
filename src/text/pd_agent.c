/* Families by the word that each puts into User-Agent. Browsers add the words of those they want to
 * be taken for, so the rare ones come first: of the words that are there, the first row wins. */
#include "text/pd_agent.h"
#include <stddef.h>
#include <string.h>

typedef struct family_t {
    const char *word, *name;
} family_t;

static const family_t browsers[] = {{"YaBrowser/", "Yandex Browser"},
                                    {"SamsungBrowser/", "Samsung Internet"},
                                    {"MiuiBrowser/", "Mi Browser"},
                                    {"HuaweiBrowser/", "Huawei Browser"},
                                    {"Vivaldi/", "Vivaldi"},
                                    {"OPR/", "Opera"},
                                    {"Edg/", "Edge"},
                                    {"EdgA/", "Edge"},
                                    {"EdgiOS/", "Edge"},
                                    {"FxiOS/", "Firefox"},
                                    {"Firefox/", "Firefox"},
                                    {"CriOS/", "Chrome"},
                                    {"Chrome/", "Chrome"},
                                    {"Version/", "Safari"},
                                    {NULL, ""}};

/* An iPad says of itself that it is a Macintosh, unless asked not to: it can't be told apart. */
static const family_t systems[] = {
    {"Windows NT", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"},
    {"Macintosh", "Mac"},      {"CrOS", "ChromeOS"},   {"Linux", "Linux"},   {NULL, ""}};

static const char *find(const family_t *families, const char *sent)
{
    while (families->word != NULL && strstr(sent, families->word) == NULL)
        families++;
    return families->name;
}

void pd_agent_read(pd_agent_t *agent, const char *sent)
{
    agent->browser = find(browsers, sent != NULL ? sent : "");
    agent->system = find(systems, sent != NULL ? sent : "");
}

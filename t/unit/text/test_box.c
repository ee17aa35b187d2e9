/* Boxes that a page sends without its reader's doing. */
#include "pd_test.h"
#include "text/pd_box.h"

#define ROWS(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *html;
    int filled;
} pages[] = {
    {"", 0},
    {"<input type=\"checkbox\" name=\"box\" value=\"1\" required>", 0},
    {"<input type=\"checkbox\" name=\"box\" value=\"1\" required checked>", 1},
    {"<input type=\"checkbox\" checked name=\"box\">", 1},
    {"<INPUT CHECKED TYPE=CHECKBOX NAME=box>", 1},
    {"<input type=checkbox name=box checked=\"\">", 1},
    {"<input type=checkbox name=box checked/>", 1},
    {"<input\ntype='checkbox'\nname='box'\nchecked\n>", 1},
    {"<input type=checkbox name = box\tchecked = checked>", 1},
    {"<input type=checkbox name=box/>", 0}, /* another name: "box/" */
    {"<input type=checkbox name=\"box\" title=\"not checked\">", 0},
    {"<input type=checkbox name=\"box\" title=\"a > b\" checked>", 1},
    {"<input type=checkbox name=box data-checked>", 0},
    {"<input type=checkbox name=boxes checked>", 0},
    {"<input type=checkbox name=Box checked>", 0},
    {"<input type=checkbox id=box checked>", 0},
    {"<input type=checkbox name=other checked><input type=checkbox name=box>", 0},
    {"<input type=checkbox name=box><input type=checkbox name=box checked>", 1},
    {"<input type=hidden name=box value=1>", 1},
    {"<input name=box value=1>", 1},
    {"<input type=radio name=box value=1>", 1},
    {"<select name=box><option>1</select>", 1},
    {"<button name=\"box\" value=\"1\">", 1},
    {"<p title='name=box' class=\"x\">name=\"box\" checked</p>", 0},
    {"a < b <input type=checkbox name=box checked>", 1},
    {"<", 0},
    {"<input", 0},
    {"<input name", 0},
    {"<input name=", 0},
    {"<input name=\"box", 1},
    {"<input type=checkbox name=box checked", 1},
    {"<input =checked type=checkbox name=box>", 0},
};

START_TEST(is_filled)
{
    ck_assert_msg(pd_box_is_filled(pages[_i].html, "box") == pages[_i].filled, "%s",
                  pages[_i].html);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text/box");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, is_filled, 0, ROWS(pages));
    suite_add_tcase(suite, all);
    return pd_test_main(suite);
}

/* Must be rejected: it counts in a module global, so two nodes would share it. */
int next_number(void);

int next_number(void)
{
    static int number;

    return ++number;
}

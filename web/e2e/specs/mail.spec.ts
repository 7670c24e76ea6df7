import { AGENTS, Maru } from '../harness/maru';
import { Smtp } from '../harness/smtp';
import { expect, test } from '../harness/test';

const ADDRESS = 'hong@example.com';

test('where nobody is there an answer is promised by mail, comes, and its link leads to the conversation', async ({
  castOf,
}) => {
  const smtp = await Smtp.begin();
  const public_ = { MARU_SERVER__PUBLIC_URL: 'http://localhost' };
  const maru = await Maru.begin({
    ...public_,
    MARU_MAIL__URL: smtp.url,
    MARU_MAIL__FROM: 'support@example.com',
    MARU_SUPPORT__MAIL_UNREAD_AFTER_S: '1',
    MARU_SUPPORT__WAITING_GRACE_S: '600',
    MARU_SUPPORT__GRACE_S: '600',
  });
  const cast = castOf(maru);
  const customer = await cast.customer();
  const { page, words } = customer;
  const field = page.getByLabel(words('email'));

  await test.step('the form asks for an address, and not for a wrong one', async () => {
    await expect(page.getByText(words('desk.mail'))).toBeVisible();
    await field.fill('nobody');
    await page
      .getByRole('list', { name: words('ask.categories') })
      .getByRole('button')
      .first()
      .click();
    await expect(field).toBeFocused();
    await field.fill(ADDRESS);
  });

  const id = await customer.ask('언제 다시 들어오나요?');
  await page.goto('about:blank');
  const agent = await cast.agent(AGENTS.kim);
  await agent.take(id);
  await agent.say('수요일에 들어와요');
  await expect.poll(() => smtp.mails.length, { timeout: 20_000 }).toBe(1);
  const [mail] = smtp.mails;
  expect(mail?.to).toBe(ADDRESS);
  expect(mail?.text).toContain('수요일에 들어와요');

  await test.step('the link of the mail opens the conversation', async () => {
    const link = /\/support\?session=\d+/.exec(mail?.text ?? '')?.[0];
    expect(link).toBe(`/support?session=${id}`);
    await page.goto(maru.url + link);
    await expect(customer.message('수요일에 들어와요')).toBeVisible();
  });

  await test.step('a copy of the ended chat goes to an address that one may change', async () => {
    await agent.end();
    await customer.button('ended.mail').click();
    await expect(field).toHaveValue(ADDRESS);
    await field.fill('gil@example.com');
    await field.press('Enter');
    await expect(page.getByText(words('ended.mailed'))).toBeVisible();
    await expect.poll(() => smtp.mails.at(-1)?.to).toBe('gil@example.com');
    expect(smtp.mails.at(-1)?.text).toContain('언제 다시 들어오나요?');
  });
  await maru.stop();
  smtp.stop();
});

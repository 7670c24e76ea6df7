import { AGENTS } from '../harness/maru';
import type { Look } from '../harness/people';
import { sound } from '../harness/sound';
import { expect, test } from '../harness/test';

const LONG = '아주 긴 말이 이어져요. '.repeat(150).slice(0, 1990);

for (const locale of ['ko', 'en'] as const) {
  for (const scheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390] as const) {
      const look: Look = { locale, scheme, width };
      test(`axe finds nothing on any screen (${locale}, ${scheme}, ${width} px)`, async ({ cast, maru }) => {
        const agent = await cast.agent(AGENTS.kim, look);
        const { page, words } = agent;
        const to = (path: string) => page.goto(`${maru.url}${path}`);
        const customer = await cast.customer({ ...look, name: 'Alexandra Montgomery-Featherstonehaugh 3세' });

        await sound(customer.page, 'customer, subjects');
        const id = await customer.ask(LONG);
        await sound(customer.page, 'customer, waiting');
        await to('/console/waiting');
        await expect(agent.row(id)).toBeVisible();
        await sound(page, 'queue');
        await to(`/console/waiting/${id}`);
        await expect(agent.button('conversation.start')).toBeVisible();
        await sound(page, 'a waiting chat');
        await agent.button('conversation.start').click();
        await agent.say(`${locale} ${scheme} ${width}`);
        await expect(customer.message(`${locale} ${scheme} ${width}`)).toBeVisible();
        await sound(page, 'my chat');
        await sound(customer.page, 'customer, talking');
        for (const dialog of ['transfer', 'end'] as const) {
          await agent.button(`conversation.${dialog}`).click();
          await expect(page.getByRole('dialog')).toBeVisible();
          await sound(page, `${dialog} dialog`);
          await page.keyboard.press('Escape');
          await expect(page.getByRole('dialog')).toBeHidden();
        }
        await page.getByRole('button', { name: words('menu', { name: AGENTS.kim.name }) }).click();
        await sound(page, 'menu');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: `${words('availability')}:` }).click();
        await sound(page, 'availability');
        await page.keyboard.press('Escape');
        await agent.button('conversation.more').click();
        await sound(page, 'more about a chat');
        await page.keyboard.press('Escape');
        await agent.end();
        await sound(page, 'an ended chat');
        await sound(customer.page, 'customer, ended');
        await customer.page.getByRole('radio').last().press('Space');
        await sound(customer.page, 'customer, rating');
        await customer.button('composer.send').click();
        await expect(customer.button('rating.change')).toBeVisible();
        await customer.button('ended.continue').click();
        await expect(customer.button('messages.earlier')).toBeVisible();
        await sound(customer.page, 'customer, continuing');
        await to('/console/history');
        await expect(page.getByRole('row').first()).toBeVisible();
        await sound(page, 'history');
        await to('/console/history?q=zzzz&status=WAITING');
        await expect(page.getByText(words('history.empty'))).toBeVisible();
        await sound(page, 'history, nothing found');
        await to(`/console/history/${id}`);
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        await sound(page, 'history detail');
        await to('/console/dashboard');
        await expect(page.getByText(words('dashboard.times'))).toBeVisible();
        await sound(page, 'dashboard');
        await page.context().clearCookies();
        await page.evaluate(() => localStorage.clear());
        await to('/console/');
        await expect(page.getByLabel(words('login.password'))).toBeVisible();
        await sound(page, 'log-in');
        for (const path of ['/', '/shop', '/support', '/rooms']) {
          await to(path);
          await expect(page.getByRole('heading').first()).toBeVisible();
          await sound(page, path);
        }
      });
    }
  }
}
